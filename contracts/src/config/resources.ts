import { z } from "zod";

/** What a variable of a stack may be read from, each time that the stack is rendered, as whoever renders it may see it. */
export const ResourceName = z.enum([
	"devices",
	"device_groups",
	"sites",
	"backups",
	"snapshots",
	"templates",
	"stacks",
	"service_instances",
]);
export type ResourceName = z.infer<typeof ResourceName>;

/** JSONPath (RFC 9535) into `{ "items": [...] }`: names, indexes, `*`, slices and filters. */
export const ResourcePath = z.string().min(1).max(1_000);

/**
 * In place of a variable's value: `{ "$from": { "resource": "devices", "path": "$.items[?@.site=='ams'].host" } }`. A path of names and indexes alone is
 * the one value that it leads to, any other the list of those that it leads to.
 */
export const FromResource = z
	.strictObject({
		resource: ResourceName,
		path: ResourcePath,
		/** In place of a single value that is not there; without it, nothing is rendered then. */
		default: z.unknown().optional(),
	})
	.meta({ id: "FromResource" });
export type FromResource = z.infer<typeof FromResource>;

export const ApiResource = z
	.object({
		name: ResourceName,
		title: z.string(),
		/** What it takes to read it. */
		permission: z.string(),
		fields: z.array(z.object({ name: z.string(), type: z.string(), description: z.string() })),
		/** A path that means something in it. */
		example: z.string(),
	})
	.meta({ id: "ApiResource" });
export type ApiResource = z.infer<typeof ApiResource>;

export const PreviewResource = z.object({ resource: ResourceName, path: ResourcePath });

export const ResourcePreview = z
	.object({
		/** The path leads to one value at most. */
		single: z.boolean(),
		/** Values that it leads to. */
		found: z.int(),
		/** The first of them. */
		values: z.array(z.unknown()),
	})
	.meta({ id: "ResourcePreview" });
export type ResourcePreview = z.infer<typeof ResourcePreview>;
