import { defineErrors } from "../kernel/errors.ts";

export const configErrors = defineErrors({
	"templates.not_found": { kind: "not_found", title: "There is no such template" },
	"templates.name_taken": { kind: "conflict", title: "A template with this name exists already" },
	"templates.changed": { kind: "conflict", title: "The template was changed meanwhile" },
	"templates.in_use": { kind: "conflict", title: "Other templates or stacks need this template" },
	"templates.bad_link": { kind: "invalid", title: "The linked template does not exist or is of another type" },
	"templates.version_not_found": { kind: "not_found", title: "The template has no such version" },
	"stacks.not_found": { kind: "not_found", title: "There is no such service stack" },
	"stacks.name_taken": { kind: "conflict", title: "A service stack with this name exists already" },
	"stacks.changed": { kind: "conflict", title: "The service stack was changed meanwhile" },
	"stacks.bad_definition": { kind: "invalid", title: "The service stack's definition is not valid" },
	"stacks.busy": { kind: "conflict", title: "A run is at work on the service stack" },
	"stacks.deployed": { kind: "conflict", title: "The service stack stands on devices" },
	"stacks.not_rendered": { kind: "invalid", title: "The service stack cannot be rendered for every device" },
	"stacks.nothing_to_do": { kind: "invalid", title: "The service stack has nothing to send" },
	"stacks.no_delete_template": { kind: "invalid", title: "A template of the service stack has no delete template" },
});
