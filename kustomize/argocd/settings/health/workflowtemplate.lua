-- Kubernetes takes a WorkflowTemplate that names templates it does not have; Argo Workflows says so only when a run
-- is submitted. Here it shows at once. (Argo CD's Lua has no string library.)
local spec = obj.spec or {}
if spec.workflowTemplateRef ~= nil then
  return { status = "Healthy", message = "takes its templates from " .. (spec.workflowTemplateRef.name or "another") }
end

local known = {}
for _, template in ipairs(spec.templates or {}) do
  known[template.name] = true
end

local missing = {}
local function need(name, where)
  if name ~= nil and name ~= "" and not known[name] then
    table.insert(missing, where .. " needs template " .. name)
  end
end

need(spec.entrypoint, "entrypoint")
need(spec.onExit, "onExit")
for _, template in ipairs(spec.templates or {}) do
  for _, task in ipairs((template.dag or {}).tasks or {}) do
    need(task.template, template.name .. "/" .. task.name)
  end
  for _, group in ipairs(template.steps or {}) do
    -- A list of parallel steps, or an object that holds it, as Argo's versions differ.
    for _, step in ipairs(group.steps or group) do
      need(step.template, template.name .. "/" .. step.name)
    end
  end
end

if #missing > 0 then
  return { status = "Degraded", message = table.concat(missing, "; ") }
end
return { status = "Healthy", message = #(spec.templates or {}) .. " templates" }
