import { defineErrors } from "../kernel/errors.ts";

export const auditErrors = defineErrors({
	"audit.not_found": { kind: "not_found", title: "There is no such audit record" },
});
