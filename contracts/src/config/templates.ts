import { z } from "zod";
import { DiffHunk } from "../backup/model.ts";
import { DeviceTypeId, Tag } from "../devices/model.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { CursorQuery, PageQuery, QueryList, sortBy } from "../kernel/page.ts";

/** Text that PostgreSQL can hold: neither NUL nor half of a surrogate pair. */
const Text = z.string().regex(/^[^\0\p{Surrogate}]*$/u, "Must not contain NUL or broken characters");

const looksLikeAnId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Unique name of a template, whatever its case. By it other templates include the template: `{% include "base/ntp.j2" %}`. */
export const TemplateName = z
	.string()
	.min(1)
	.max(100)
	.regex(
		/^[\p{L}\p{N}][\p{L}\p{N} ._-]*(\/[\p{L}\p{N}][\p{L}\p{N} ._-]*)*$/u,
		"Letters, digits, spaces and . _ - only, each part between slashes beginning with a letter or digit",
	)
	.refine((name) => !looksLikeAnId.test(name), "Must not look like an id");

/** A template's id, or its name whatever its case. */
export const TemplateKey = z.string().min(1).max(100);

/**
 * What it is for: `deploy` makes what is sent to a device, `delete` takes that away again, `validation` makes what must stand in the
 * configuration afterwards, `partial` is only included by others.
 */
export const TemplateType = z.enum(["deploy", "delete", "validation", "partial"]);
export type TemplateType = z.infer<typeof TemplateType>;

/** How white space around tags is treated: Jinja2's environment options of the same names. */
export const TemplateSettings = z.object({
	/** The line break after a block tag is left out. */
	trim_blocks: z.boolean().default(true),
	/** White space before a block tag at the beginning of a line is left out. */
	lstrip_blocks: z.boolean().default(true),
	/** The line break at the end of the source is kept. */
	keep_trailing_newline: z.boolean().default(true),
});
export type TemplateSettings = z.infer<typeof TemplateSettings>;

/** Most characters of a template's source. */
export const longestTemplateSource = 1_000_000;
export const TemplateSource = Text.max(longestTemplateSource);

/** Bodies with a source: one megabyte of text may take six as JSON. */
export const templateBodyBytes = 8 * 1024 * 1024;

const templateFields = {
	name: TemplateName,
	description: Text.max(2000),
	type: TemplateType,
	/** Device types that it is for; empty: any. */
	platforms: z.array(DeviceTypeId).max(100),
	tags: z.array(Tag).max(50),
	/** Template that makes what must stand in the configuration after this one was deployed. Deploy templates only. */
	validation_template_id: Id.nullable(),
	/** Template that takes away what this one deploys. Deploy templates only. */
	delete_template_id: Id.nullable(),
};

export const TemplateSummary = z
	.object({
		id: Id,
		...templateFields,
		/** Counts changes of source and settings, from 1. */
		version: z.int(),
		created_at: Timestamp,
		created_by: z.string(),
		updated_at: Timestamp,
		updated_by: z.string(),
	})
	.meta({ id: "TemplateSummary" });
export type TemplateSummary = z.infer<typeof TemplateSummary>;

export const Template = TemplateSummary.extend({
	source: z.string(),
	settings: TemplateSettings,
}).meta({ id: "Template" });
export type Template = z.infer<typeof Template>;

const Note = Text.max(500);

export const NewTemplate = z.object({
	...templateFields,
	description: templateFields.description.default(""),
	type: templateFields.type.default("deploy"),
	platforms: templateFields.platforms.default([]),
	tags: templateFields.tags.default([]),
	validation_template_id: templateFields.validation_template_id.default(null),
	delete_template_id: templateFields.delete_template_id.default(null),
	source: TemplateSource,
	settings: TemplateSettings.prefault({}),
	/** Why it was made, for the list of versions. */
	note: Note.default(""),
});
export type NewTemplate = z.infer<typeof NewTemplate>;

/** What is left out stays as it is. A change of source or settings makes a version. */
export const TemplateChange = z
	.object(templateFields)
	.partial()
	.extend({
		source: TemplateSource.optional(),
		settings: TemplateSettings.optional(),
		/** Version that the change began from. When there is a newer one, nothing is changed. */
		version: z.int().min(1),
		/** Why, for the list of versions. */
		note: Note.default(""),
	});
export type TemplateChange = z.infer<typeof TemplateChange>;

export const ListTemplates = PageQuery.extend({
	/** Any of these. */
	type: QueryList(TemplateType).optional(),
	/** All of these. */
	tag: QueryList(Text.max(64)).optional(),
	/** Templates that are for this device type: those that name it, and those that name none. */
	platform: DeviceTypeId.optional(),
	sort: sortBy(["name", "type", "updated_at", "created_at"], "name"),
});

export const TemplateVersionSummary = z
	.object({
		version: z.int(),
		note: z.string(),
		created_at: Timestamp,
		created_by: z.string(),
		/** Version whose source and settings this one brought back. */
		restored_from: z.int().nullable(),
		/** Lines of the source. */
		lines: z.int(),
	})
	.meta({ id: "TemplateVersionSummary" });
export type TemplateVersionSummary = z.infer<typeof TemplateVersionSummary>;

export const TemplateVersion = TemplateVersionSummary.extend({
	source: z.string(),
	settings: TemplateSettings,
}).meta({ id: "TemplateVersion" });
export type TemplateVersion = z.infer<typeof TemplateVersion>;

export const ListTemplateVersions = CursorQuery;

export const CompareTemplateVersions = z.object({
	/** Without it the version before `to`. */
	from: z.coerce.number().int().min(1).optional(),
	/** Without it the newest. */
	to: z.coerce.number().int().min(1).optional(),
	/** Unchanged lines around a change. */
	context: z.coerce.number().int().min(0).max(100).default(3),
});

export const TemplateComparison = z
	.object({
		from: TemplateVersionSummary,
		to: TemplateVersionSummary,
		identical: z.boolean(),
		added: z.int(),
		removed: z.int(),
		hunks: z.array(DiffHunk),
		/** The same as unified diff text. */
		unified: z.string(),
		/** Not all changes are shown, because there are too many; the counts are complete. */
		truncated: z.boolean(),
		/** Settings that differ. */
		settings: z.array(z.object({ name: z.string(), from: z.boolean(), to: z.boolean() })),
	})
	.meta({ id: "TemplateComparison" });
export type TemplateComparison = z.infer<typeof TemplateComparison>;

export const RestoreTemplate = z.object({
	/** Version that is the newest as far as who restores knows. When there is a newer one, nothing is changed. */
	version: z.int().min(1),
	note: Note.default(""),
});

/** What needs a template: another template by a tag of its source or by a link, or a service of a stack. */
export const TemplateUse = z
	.object({
		id: Id,
		/** Of the template or stack. */
		name: z.string(),
		/** Null for a stack and a stack template. */
		type: TemplateType.nullable(),
		/** `source`: its source includes, imports or extends the template. */
		how: z.enum(["source", "validation", "delete", "stack", "stack_template"]),
	})
	.meta({ id: "TemplateUse" });
export type TemplateUse = z.infer<typeof TemplateUse>;

export const ListTemplateUses = PageQuery.omit({ q: true });

const deepestValue = 50;

/** Values by name: anything that JSON can say, at most 50 levels deep. */
export const TemplateVariables = z
	.record(z.string().max(200), z.unknown())
	.refine((given) => depthOf(given) <= deepestValue, `At most ${deepestValue} levels deep`);
export type TemplateVariables = z.infer<typeof TemplateVariables>;

/** Levels of lists and mappings, as far as they matter; without recursion, since what is given may be as deep as it is long. */
function depthOf(value: unknown): number {
	let level = [value];
	for (let depth = 0; ; depth++) {
		const below: unknown[] = [];
		for (const one of level)
			if (typeof one === "object" && one !== null) for (const part of Object.values(one)) below.push(part);
		if (below.length === 0 || depth > deepestValue) return depth;
		level = below;
	}
}

/**
 * A variable that a template needs from outside, found by reading it and all that it includes. `shape` is what its use tells: `scalar` is
 * printed or compared, `list` looped over, `mapping` asked for keys; `any` where nothing tells.
 */
export const TemplateVariable = z
	.object({
		/** Empty for what stands in a list. */
		name: z.string(),
		shape: z.enum(["scalar", "list", "mapping", "any"]),
		/** False where the template does without it: it has a default, or asks whether it is defined. */
		required: z.boolean(),
		/** Of a mapping: the keys that are asked for. */
		get keys() {
			return z.array(TemplateVariable);
		},
		/** What stands in a list, or under every key of a mapping that is walked through; null where nothing tells. */
		get items() {
			return TemplateVariable.nullable();
		},
		/** The literal that `default` gives. */
		default: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
		/** What its use tells of the kind of value. */
		type_hint: z.enum(["string", "number", "boolean", "ip"]).optional(),
		/** Where it is used first. */
		template: z.string(),
		line: z.int(),
		/** Every line of that template that uses it. */
		lines: z.array(z.int()),
	})
	.meta({ id: "TemplateVariable" });
export type TemplateVariable = z.infer<typeof TemplateVariable>;

export const TemplateVariablesFound = z
	.object({
		variables: z.array(TemplateVariable),
		/** Every stored template that it includes, imports or extends, also through others. */
		templates: z.array(z.string()),
	})
	.meta({ id: "TemplateVariablesFound" });
export type TemplateVariablesFound = z.infer<typeof TemplateVariablesFound>;

export const FindTemplateVariables = z.object({
	source: TemplateSource,
	settings: TemplateSettings.prefault({}),
	/** Name under which errors speak of it, and which it may not include. */
	name: TemplateName.optional(),
});

/** Render with these values, over those of the device, where one is named: its name, host, type, site, tags, groups and facts. */
export const RenderTemplate = z.object({
	variables: TemplateVariables.default({}),
	device_id: Id.optional(),
});

export const RenderPreview = RenderTemplate.extend({
	source: TemplateSource,
	settings: TemplateSettings.prefault({}),
	/** Name under which errors speak of it, and which it may not include. */
	name: TemplateName.optional(),
});

export const RenderedTemplate = z
	.object({
		text: z.string(),
		/** What it was rendered with: the device's, and what was given over it. */
		variables: z.record(z.string(), z.unknown()),
		/** Time it took, in milliseconds. */
		took_ms: z.number(),
	})
	.meta({ id: "RenderedTemplate" });
export type RenderedTemplate = z.infer<typeof RenderedTemplate>;

/** Words of the template language besides variables, for editors that complete them. */
export const TemplateWords = z
	.object({
		tags: z.array(z.string()),
		filters: z.array(z.string()),
		tests: z.array(z.string()),
		globals: z.array(z.string()),
	})
	.meta({ id: "TemplateWords" });
export type TemplateWords = z.infer<typeof TemplateWords>;
