import type { Database } from "@netconductor/runtime/db/database";
import type { ConfigOperation } from "../operation.ts";
import { unsaved } from "./render-template.ts";
import type { Sources } from "./sources.ts";
import { findTemplate } from "./template-store.ts";

export function getTemplateVariables(needs: {
	db: Database;
	sources: Sources;
}): ConfigOperation<"getTemplateVariables"> {
	return async ({ params }) => needs.sources.findVariables(await findTemplate(needs.db.orm, params.id));
}

export function findSourceVariables(needs: { sources: Sources }): ConfigOperation<"findSourceVariables"> {
	return ({ body }) => needs.sources.findVariables({ ...body, name: body.name ?? unsaved, path: "body.source" });
}
