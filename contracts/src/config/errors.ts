import { defineErrors } from "../kernel/errors.ts";

export const configErrors = defineErrors({
	"templates.not_found": { kind: "not_found", title: "There is no such template" },
	"templates.name_taken": { kind: "conflict", title: "A template with this name exists already" },
	"templates.changed": { kind: "conflict", title: "The template was changed meanwhile" },
	"templates.in_use": { kind: "conflict", title: "Other templates need this template" },
	"templates.bad_link": { kind: "invalid", title: "The linked template does not exist or is of another type" },
	"templates.version_not_found": { kind: "not_found", title: "The template has no such version" },
});
