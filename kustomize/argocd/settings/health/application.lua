-- Argo CD gives an Application no health of its own; an app of apps whose waves wait for each other needs one.
local health = (obj.status or {}).health
if health ~= nil and health.status ~= nil then
  return { status = health.status, message = health.message or "" }
end
return { status = "Progressing", message = "not compared yet" }
