import { z } from "zod";
import { DiffHunk } from "../backup/model.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { PageQuery, sortBy } from "../kernel/page.ts";
import { NewStack, StackKey, StackName } from "./stacks.ts";
import { TemplateVariables } from "./templates.ts";

/** A stack template's id, or its name whatever its case. */
export const StackTemplateKey = StackKey;

export const ParameterType = z.enum(["string", "integer", "number", "boolean", "list", "object"]);
export type ParameterType = z.infer<typeof ParameterType>;

export const ParameterName = z
	.string()
	.min(1)
	.max(63)
	.regex(/^[a-z][a-z0-9_]*$/, "Lower-case letters, digits and _ only, beginning with a letter");

/** Something that a stack is made with, each with a value of its own. */
export const StackParameter = z
	.object({
		name: ParameterName,
		type: ParameterType.default("string"),
		/** What it is, for who fills it in. */
		description: z.string().max(500).default(""),
		/** Where it is not, and there is no default, its value is null. */
		required: z.boolean().default(true),
		default: z.unknown().optional(),
		/** The only values that it may have; of a list, that its entries may have. */
		choices: z.array(z.unknown()).min(1).max(200).optional(),
		/** RE2. A text has to match it as a whole; of a list, each of its entries. */
		pattern: z.string().max(500).optional(),
	})
	.meta({ id: "StackParameter" });
export type StackParameter = z.infer<typeof StackParameter>;

/**
 * A stack's definition with parameters. A text that is just `${name}` stands for the parameter's value; a list that is one entry of a list stands for
 * its entries; within a longer text the value is written out, in patterns of checks so that it means itself. `$${` is a `${` that means nothing.
 */
const definitionFields = NewStack.omit({ name: true, device_variables: true }).shape;

export const NewStackTemplate = z.object({
	name: StackName,
	...definitionFields,
	parameters: z.array(StackParameter).max(100).default([]),
});
export type NewStackTemplate = z.infer<typeof NewStackTemplate>;

export const StackTemplateSummary = z
	.object({
		id: Id,
		name: StackName,
		description: z.string(),
		/** Counts changes of the definition and the parameters, from 1. */
		version: z.int(),
		parameters_count: z.int(),
		services_count: z.int(),
		/** Stacks that were made from it. */
		stacks: z.int(),
		/** Of these, made from an older version. */
		outdated_stacks: z.int(),
		created_at: Timestamp,
		created_by: z.string(),
		updated_at: Timestamp,
		updated_by: z.string(),
	})
	.meta({ id: "StackTemplateSummary" });
export type StackTemplateSummary = z.infer<typeof StackTemplateSummary>;

export const StackTemplate = StackTemplateSummary.extend(NewStackTemplate.shape).meta({ id: "StackTemplate" });
export type StackTemplate = z.infer<typeof StackTemplate>;

/** What is left out stays as it is. */
export const StackTemplateChange = z
	.object({
		name: NewStackTemplate.shape.name,
		description: NewStackTemplate.shape.description.unwrap(),
		parameters: NewStackTemplate.shape.parameters.unwrap(),
		services: NewStackTemplate.shape.services.unwrap(),
		variables: NewStackTemplate.shape.variables.unwrap(),
		pre_checks: NewStackTemplate.shape.pre_checks.unwrap(),
		pre_state_checks: NewStackTemplate.shape.pre_state_checks.unwrap(),
		checks: NewStackTemplate.shape.checks.unwrap(),
		state_checks: NewStackTemplate.shape.state_checks.unwrap(),
		rollout: NewStackTemplate.shape.rollout.unwrap(),
		confirm_within_s: NewStackTemplate.shape.confirm_within_s.unwrap(),
	})
	.partial()
	.extend({
		/** Version that the change began from. When there is a newer one, nothing is changed. */
		version: z.int().min(1),
	});
export type StackTemplateChange = z.infer<typeof StackTemplateChange>;

export const ListStackTemplates = PageQuery.extend({
	sort: sortBy(["name", "updated_at"], "name"),
});

export const InstantiateStackTemplate = z.object({
	/** Of the stack that is made. */
	name: StackName,
	/** The template's where it is left out. */
	description: NewStack.shape.description.unwrap().optional(),
	parameters: TemplateVariables.default({}),
});

/** Brings a stack to its template's newest version. What was changed in the stack itself since it was made is replaced, its variables per device are not. */
const upgradeFields = {
	/** Values of parameters in place of those that the stack was made with. */
	parameters: TemplateVariables.default({}),
};
export const PreviewUpgrade = z.object(upgradeFields);
export const UpgradeStack = z.object({
	...upgradeFields,
	/** Versions that were looked at: of the stack, and of the template. When one is newer, nothing is changed. */
	version: z.int().min(1),
	template_version: z.int().min(1),
});

export const StackUpgrade = z
	.object({
		template_id: Id,
		template_name: z.string(),
		from_version: z.int(),
		to_version: z.int(),
		/** Version of the stack that was compared. */
		version: z.int(),
		/** Values that the stack would be made with. */
		parameters: TemplateVariables,
		/** Nothing of the stack would change. */
		identical: z.boolean(),
		/** The definition as it is and as it would be, as JSON. */
		hunks: z.array(DiffHunk),
		unified: z.string(),
	})
	.meta({ id: "StackUpgrade" });
export type StackUpgrade = z.infer<typeof StackUpgrade>;
