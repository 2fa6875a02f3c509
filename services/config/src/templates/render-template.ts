import type { TemplateSettings, TemplateVariables } from "@netconductor/contracts/config/templates";
import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Database } from "@netconductor/runtime/db/database";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { TemplateEngine } from "@netconductor/templating/engine";
import type { ConfigOperation } from "../operation.ts";
import { deviceContext } from "./device-context.ts";
import type { Sources } from "./sources.ts";
import { findTemplate } from "./template-store.ts";

interface Needs {
	db: Database;
	devices: Client<typeof devicesApi, CallerContext>;
	engine: TemplateEngine;
	sources: Sources;
}

/** Name of an unsaved template in its errors. */
export const unsaved = "this template";

export function renderTemplate(needs: Needs): ConfigOperation<"renderTemplate"> {
	return async ({ params, body, ...caller }) =>
		render(needs, await findTemplate(needs.db.orm, params.id), body, caller);
}

export function previewTemplate(needs: Needs): ConfigOperation<"previewTemplate"> {
	return ({ body, ...caller }) => render(needs, { ...body, name: body.name ?? unsaved }, body, caller);
}

async function render(
	{ devices, engine, sources }: Needs,
	template: { name: string; source: string; settings: TemplateSettings },
	wanted: { variables: TemplateVariables; device_id?: string | undefined },
	caller: CallerContext,
) {
	const variables = {
		...(wanted.device_id !== undefined && (await contextOf(devices, wanted.device_id, caller))),
		...wanted.variables,
	};
	const templates = await sources.gather(template);
	const started = performance.now();
	const text = await engine.render(
		{ entry: template.name, templates, variables, settings: template.settings },
		caller.signal,
	);
	return { text, variables, took_ms: Math.round((performance.now() - started) * 10) / 10 };
}

/** Asked on behalf of who renders: nobody sees through a template what they may not see otherwise. */
async function contextOf(devices: Needs["devices"], id: string, caller: CallerContext) {
	const device = await devices.getDevice({ params: { id } }, caller);
	return deviceContext(device, await devices.getDeviceType({ params: { id: device.device_type } }, caller));
}
