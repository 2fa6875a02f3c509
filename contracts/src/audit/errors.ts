import { defineErrors } from "../kernel/errors.ts";

export const auditErrors = defineErrors({
	"audit.not_found": { kind: "not_found", title: "There is no such audit record" },
	"audit.export_too_large": { kind: "invalid", title: "More records than one export holds" },
});
