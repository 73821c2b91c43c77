-- A Preview is healthy when nothing is left to do for its pull request (status.phase, see the CRD).
local status = obj.status or {}
local words = status.message or ""
local health = {
  Ready = "Healthy", Ended = "Healthy", Failed = "Degraded", Refused = "Suspended",
}
if status.phase and (status.observedGeneration or 0) >= (obj.metadata.generation or 0) then
  return { status = health[status.phase] or "Progressing", message = words }
end
return { status = "Progressing", message = "the controller has not seen it yet" }
