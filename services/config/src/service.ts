import { configApi } from "@netconductor/contracts/config/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { defineService } from "@netconductor/runtime/host/service";
import { configConfig } from "./config.ts";
import { createTemplateEngine } from "./engine/engine.ts";
import { createTemplate, deleteTemplate, deleteTemplates, updateTemplate } from "./templates/change-templates.ts";
import { getTemplate, listTemplates } from "./templates/read-templates.ts";
import { previewTemplate, renderTemplate } from "./templates/render-template.ts";
import { createSources } from "./templates/sources.ts";
import { listTemplateUses } from "./templates/template-uses.ts";
import {
	compareTemplateVersions,
	getTemplateVersion,
	listTemplateVersions,
	restoreTemplateVersion,
} from "./templates/template-versions.ts";

/** What is to stand on devices: templates, and what is made of them. */
export const configService = defineService({
	name: "config",
	api: configApi,
	migrations: new URL("../migrations/", import.meta.url),
	config: configConfig,
	needs: { devices: devicesApi },
	setup({ db, outbox, clients: { devices }, config, clock }) {
		const engine = createTemplateEngine({ threads: config.render_threads });
		const sources = createSources({ db, engine });
		const needs = { db, outbox, clock, devices, engine, sources };
		return {
			operations: {
				listTemplates: listTemplates(needs),
				createTemplate: createTemplate(needs),
				deleteTemplates: deleteTemplates(needs),
				previewTemplate: previewTemplate(needs),
				getTemplate: getTemplate(needs),
				updateTemplate: updateTemplate(needs),
				deleteTemplate: deleteTemplate(needs),
				renderTemplate: renderTemplate(needs),
				listTemplateUses: listTemplateUses(needs),
				listTemplateVersions: listTemplateVersions(needs),
				compareTemplateVersions: compareTemplateVersions(needs),
				getTemplateVersion: getTemplateVersion(needs),
				restoreTemplateVersion: restoreTemplateVersion(needs),
			},
			stop: () => engine.close(),
		};
	},
});
