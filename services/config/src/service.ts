import { backupApi } from "@netconductor/contracts/backup/api";
import { configApi } from "@netconductor/contracts/config/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { announceChange } from "@netconductor/runtime/bus/announce-change";
import type { WorkLoop } from "@netconductor/runtime/bus/work-loop";
import { defineService } from "@netconductor/runtime/host/service";
import { createTemplateEngine } from "@netconductor/templating/engine";
import { configConfig } from "./config.ts";
import { followDevices } from "./instances/follow-devices.ts";
import { getServiceInstance, listServiceInstances } from "./instances/read-instances.ts";
import {
	checkInstances,
	deleteInstances,
	forgetInstances,
	redeployInstances,
	validateInstances,
} from "./instances/run-instances.ts";
import { settleRuns } from "./instances/settle.ts";
import { joinConsumers } from "./join-consumers.ts";
import { handleMops } from "./mops/mop-operations.ts";
import { followMopRuns } from "./mops/mop-runs.ts";
import { listApiResources, previewResource } from "./resources/variables.ts";
import { createStackTemplate, deleteStackTemplate, updateStackTemplate } from "./stack-templates/change-definitions.ts";
import { instantiateStackTemplate, previewUpgrade, upgradeStack } from "./stack-templates/make-stacks.ts";
import { getStackTemplate, listStackTemplates } from "./stack-templates/store.ts";
import { createStack, deleteStack, updateStack } from "./stacks/change-stacks.ts";
import { followRuns, listStackRuns } from "./stacks/follow-runs.ts";
import { renderStack } from "./stacks/render-stack.ts";
import { deployStack, planStack, removeStack, startStackRun, startValidation } from "./stacks/run-stack.ts";
import { getStack, listStacks } from "./stacks/stack-store.ts";
import { validateStack } from "./stacks/validate-stack.ts";
import { createTemplate, deleteTemplate, deleteTemplates, updateTemplate } from "./templates/change-templates.ts";
import { getTemplate, listTemplates } from "./templates/read-templates.ts";
import { previewTemplate, renderTemplate } from "./templates/render-template.ts";
import { createSourceReader } from "./templates/source-reader.ts";
import { createSources } from "./templates/sources.ts";
import { listTemplateUses } from "./templates/template-uses.ts";
import { findSourceVariables, getTemplateVariables } from "./templates/template-variables.ts";
import {
	compareTemplateVersions,
	getTemplateVersion,
	listTemplateVersions,
	restoreTemplateVersion,
} from "./templates/template-versions.ts";
import { getTemplateWords } from "./templates/template-words.ts";

/** What is to stand on devices: templates, and what is made of them. */
export const configService = defineService({
	name: "config",
	api: configApi,
	migrations: new URL("../migrations/", import.meta.url),
	config: configConfig,
	needs: { devices: devicesApi, tasks: tasksApi, backup: backupApi },
	setup({ db, outbox, ephemeral, clients, config, clock, log, ownAccount }) {
		const { devices, tasks, backup } = clients;
		const engine = createTemplateEngine({ threads: config.render_threads });
		const reader = createSourceReader({ threads: config.render_threads });
		const sources = createSources({ db, reader });
		const needs = { db, outbox, clock, devices, tasks, backup, engine, sources };
		const onChange = (id: string) => void announceChange(ephemeral, "stacks", id);
		const settler = settleRuns({ db, outbox, tasks, ownAccount, clock, log, onChange });
		let settling: WorkLoop | undefined;
		return {
			operations: {
				listTemplates: listTemplates(needs),
				createTemplate: createTemplate(needs),
				deleteTemplates: deleteTemplates(needs),
				findSourceVariables: findSourceVariables(needs),
				previewTemplate: previewTemplate(needs),
				getTemplateWords: getTemplateWords(),
				getTemplate: getTemplate(needs),
				updateTemplate: updateTemplate(needs),
				deleteTemplate: deleteTemplate(needs),
				getTemplateVariables: getTemplateVariables(needs),
				renderTemplate: renderTemplate(needs),
				listTemplateUses: listTemplateUses(needs),
				listTemplateVersions: listTemplateVersions(needs),
				compareTemplateVersions: compareTemplateVersions(needs),
				getTemplateVersion: getTemplateVersion(needs),
				restoreTemplateVersion: restoreTemplateVersion(needs),
				listStacks: listStacks(needs),
				createStack: createStack(needs),
				getStack: getStack(needs),
				updateStack: updateStack(needs),
				deleteStack: deleteStack(needs),
				renderStack: renderStack(needs),
				planStack: planStack(needs),
				deployStack: deployStack(needs),
				removeStack: removeStack(needs),
				validateStack: validateStack(needs),
				startStackRun: startStackRun(needs),
				startValidation: startValidation(needs),
				listStackRuns: listStackRuns({ db, tasks, ownAccount }),
				listStackTemplates: listStackTemplates(needs),
				createStackTemplate: createStackTemplate(needs),
				getStackTemplate: getStackTemplate(needs),
				updateStackTemplate: updateStackTemplate(needs),
				deleteStackTemplate: deleteStackTemplate(needs),
				instantiateStackTemplate: instantiateStackTemplate(needs),
				previewUpgrade: previewUpgrade(needs),
				upgradeStack: upgradeStack(needs),
				listApiResources: listApiResources(),
				previewResource: previewResource(needs),
				listServiceInstances: listServiceInstances(needs),
				getServiceInstance: getServiceInstance(needs),
				redeployInstances: redeployInstances(needs),
				checkInstances: checkInstances(needs),
				validateInstances: validateInstances(needs),
				deleteInstances: deleteInstances(needs),
				forgetInstances: forgetInstances(needs),
				...handleMops({ ...needs, ownAccount }),
			},
			consumers: joinConsumers(
				followRuns({ outbox, onChange, onEnded: () => settling?.wake() }),
				followMopRuns({ onChange: (id) => void announceChange(ephemeral, "mops", id) }),
				followDevices(),
			),
			async start() {
				settling = settler.start();
			},
			async stop() {
				await settling?.stop();
				await Promise.all([engine.close(), reader.close()]);
			},
		};
	},
});
