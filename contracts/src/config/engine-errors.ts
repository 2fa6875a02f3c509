import { defineErrors } from "../kernel/errors.ts";

/** Why a template did not become text. Details are `{ template, line, variable?, filter? }`, as far as they are known. */
export const templateErrors = defineErrors({
	"template.syntax": { kind: "invalid", title: "The template's source is not valid" },
	"template.undefined_variable": { kind: "invalid", title: "The template uses a variable that is not defined" },
	"template.unknown_filter": { kind: "invalid", title: "The template uses a filter or test that does not exist" },
	"template.bad_value": { kind: "invalid", title: "The template does with a value what cannot be done with it" },
	"template.not_included": { kind: "invalid", title: "The template includes a template that does not exist" },
	"template.too_slow": { kind: "invalid", title: "Rendering the template takes longer than is allowed" },
	"template.too_large": { kind: "invalid", title: "Rendering the template takes more memory than is allowed" },
	"template.too_deep": { kind: "invalid", title: "The template calls or includes itself too often" },
});

/** What any operation that renders may answer with. */
export const renderErrors = [
	"template.syntax",
	"template.undefined_variable",
	"template.unknown_filter",
	"template.bad_value",
	"template.not_included",
	"template.too_slow",
	"template.too_large",
	"template.too_deep",
] as const satisfies (keyof typeof templateErrors)[];
