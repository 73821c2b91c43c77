-- A DocsRun is as healthy as the command it runs (status.phase, see the CRD).
local status = obj.status or {}
local words = status.message or ""
if status.phase == "Succeeded" then
  return { status = "Healthy", message = words }
end
if status.phase == "Failed" then
  return { status = "Degraded", message = (status.reason or "Failed") .. ": " .. words }
end
if status.phase == "Running" or status.phase == "Pending" then
  return { status = "Progressing", message = words }
end
return { status = "Progressing", message = "the controller has not seen it yet" }
