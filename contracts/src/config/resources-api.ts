import { z } from "zod";
import { get, post } from "../kernel/operation.ts";
import { ApiResource, PreviewResource, ResourcePreview } from "./resources.ts";

/** Resources that variables of stacks are read from. They belong to variables, so the service that has these answers, whosever the resources are. */
export const resourceOperations = {
	listApiResources: get("/api/api-resources", {
		summary: "What variables of stacks may be read from, with its fields and an example",
		returns: z.object({ items: z.array(ApiResource) }),
		permission: "stacks:read",
		same_for_all: true,
	}),
	previewResource: post("/api/api-resources/preview", {
		summary: "What a path leads to in a resource now, as one may see it oneself",
		body: PreviewResource,
		returns: ResourcePreview,
		permission: "stacks:read",
		changes: false,
		timeout_ms: 60_000,
		errors: ["resources.bad_path", "resources.too_much"],
	}),
};
