import { NewApprovalPolicy } from "@netconductor/contracts/alerts/approvals";
import { MopDocument, NewStepType } from "@netconductor/contracts/config/mops";
import { NewStackTemplate } from "@netconductor/contracts/config/stack-templates";
import { NewStack, StackService } from "@netconductor/contracts/config/stacks";
import { NewTemplate, TemplateName, TemplateVariables } from "@netconductor/contracts/config/templates";
import { Selection } from "@netconductor/contracts/devices/model";
import { CalendarInput, ScheduleInput } from "@netconductor/contracts/scheduling/model";
import { z } from "zod";

/** Devices by what people call them; several criteria are joined. */
const NamedDevices = z
	.object({
		names: Selection.shape.names,
		groups: Selection.shape.groups,
		tags: Selection.shape.tags,
		all: Selection.shape.all,
	})
	.refine(
		({ all, names, groups, tags }) => all || [names, groups, tags].some((list) => (list?.length ?? 0) > 0),
		"Select devices by names, groups, tags, or all",
	);
export type NamedDevices = z.output<typeof NamedDevices>;

/** A template; those that it links to are named. What is left out is as it is for a new template. */
export const TemplateDocument = z.object({
	kind: z.literal("Template"),
	...NewTemplate.omit({ validation_template_id: true, delete_template_id: true, note: true }).shape,
	/** Makes what must stand in the configuration after this one was deployed. */
	validation_template: TemplateName.nullable().default(null),
	/** Takes away what this one deploys. */
	delete_template: TemplateName.nullable().default(null),
});
export type TemplateDocument = z.output<typeof TemplateDocument>;

/** A service stack; templates and devices are named. */
export const StackDocument = z.object({
	kind: z.literal("Stack"),
	...NewStack.shape,
	services: z
		.array(
			z.object({
				...StackService.omit({ template_id: true }).shape,
				template: TemplateName,
				targets: NamedDevices,
			}),
		)
		.max(50)
		.default([]),
	/** For one device each, by its name. */
	device_variables: z.record(z.string(), TemplateVariables).default({}),
});
export type StackDocument = z.output<typeof StackDocument>;

/** A stack template; templates and devices are named, parameters stand as `${name}`. */
export const StackTemplateDocument = z.object({
	kind: z.literal("StackTemplate"),
	...NewStackTemplate.shape,
	services: StackDocument.shape.services,
});
export type StackTemplateDocument = z.output<typeof StackTemplateDocument>;

/** An approval policy; those who approve are named. */
export const ApprovalPolicyDocument = z.object({ kind: z.literal("ApprovalPolicy"), ...NewApprovalPolicy.shape });
export type ApprovalPolicyDocument = z.output<typeof ApprovalPolicyDocument>;

/** A schedule. Its kind of run is `run`, since `kind` is the document's; devices in `params` are named. */
export const ScheduleDocument = z.object({
	kind: z.literal("Schedule"),
	run: ScheduleInput.shape.kind,
	...withoutKind(ScheduleInput.shape),
});
export type ScheduleDocument = z.output<typeof ScheduleDocument>;

/** A calendar that holds changes back. Its kind, freeze or window, is `type`, since `kind` is the document's. */
export const CalendarDocument = z.object({
	kind: z.literal("Calendar"),
	type: CalendarInput.shape.kind,
	...withoutKind(CalendarInput.shape),
});
export type CalendarDocument = z.output<typeof CalendarDocument>;

function withoutKind<S extends { kind: unknown }>({ kind: _, ...rest }: S): Omit<S, "kind"> {
	return rest;
}

/** A step type that procedures use. Its name is `name`, as everywhere in files. */
export const StepTypeDocument = z.object({
	kind: z.literal("StepType"),
	name: NewStepType.shape.type,
	...NewStepType.omit({ type: true }).shape,
});
export type StepTypeDocument = z.output<typeof StepTypeDocument>;

/** A procedure as it is written anywhere, and what it is. */
const MopFileDocument = z.strictObject({ kind: z.literal("Mop"), ...MopDocument.shape });

/** A procedure is its text: comments and order are as much a part of it as what it says. */
export interface MopText {
	kind: "Mop";
	name: string;
	source: string;
}

/** What may stand in a file that `apply` takes and `export` writes. */
export const FileDocument = z.discriminatedUnion("kind", [
	TemplateDocument,
	StackTemplateDocument,
	StackDocument,
	StepTypeDocument,
	MopFileDocument,
	ApprovalPolicyDocument,
	CalendarDocument,
	ScheduleDocument,
]);
/** One document of a file, as it is applied. */
export type AnyDocument = Exclude<z.output<typeof FileDocument>, { kind: "Mop" }> | MopText;
export type DocumentKind = AnyDocument["kind"];

/** Each after those that it may name. */
export const documentKinds = [
	"Template",
	"StackTemplate",
	"Stack",
	"StepType",
	"Mop",
	"ApprovalPolicy",
	"Calendar",
	"Schedule",
] as const satisfies DocumentKind[];

/** JSON Schema of one document, of any kind or of one, for editors. Unknown keys are refused in it as `apply` refuses them. */
export function documentSchema(kind?: DocumentKind): Record<string, unknown> {
	const meant = FileDocument.options.find((one) => one.shape.kind.value === kind) ?? FileDocument;
	const schema = z.toJSONSchema(meant, {
		io: "input",
		unrepresentable: "any",
		override: ({ zodSchema, jsonSchema }) => {
			if (zodSchema._zod.def.type === "object") jsonSchema.additionalProperties = false;
		},
	});
	return { ...schema, title: kind ?? "NetConductor", description: "A document that `netconductor apply` takes" };
}
