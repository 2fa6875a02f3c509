import type { mopOperations } from "@netconductor/contracts/config/mops-api";
import type { Api } from "@netconductor/contracts/kernel/operation";
import type { Handlers } from "@netconductor/runtime/host/service";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { createMop, deleteMop, toggleMop, updateMop } from "./change-mops.ts";
import { getMopSchema } from "./document-schema.ts";
import { dryRunMop } from "./dry-run.ts";
import { cancelExecution, getExecution, listExecutions, listMopExecutions } from "./mop-runs.ts";
import { compareMopVersions, getMopVersion, listMopVersions, restoreMopVersion } from "./mop-versions.ts";
import { outlineMop } from "./outline-mop.ts";
import { getMop, listMops } from "./read-mops.ts";
import { restartExecution } from "./restart-execution.ts";
import { executeMop, type RunNeeds, startMopRun } from "./run-mop.ts";
import { createStepType, deleteStepType, getStepType, listStepTypes, updateStepType } from "./step-types.ts";
import { validateMop } from "./validate-mop.ts";

/** What procedures and their step types can be asked. */
export function handleMops(needs: RunNeeds & { engine: TemplateEngine }): Handlers<Api<typeof mopOperations>> {
	return {
		listMops: listMops(needs),
		createMop: createMop(needs),
		validateMop: validateMop(needs),
		getMopSchema: getMopSchema(needs),
		listExecutions: listExecutions(needs),
		getExecution: getExecution(needs),
		cancelExecution: cancelExecution(needs),
		restartExecution: restartExecution(needs),
		getMop: getMop(needs),
		updateMop: updateMop(needs),
		deleteMop: deleteMop(needs),
		toggleMop: toggleMop(needs),
		listMopVersions: listMopVersions(needs),
		compareMopVersions: compareMopVersions(needs),
		getMopVersion: getMopVersion(needs),
		restoreMopVersion: restoreMopVersion(needs),
		dryRunMop: dryRunMop(needs),
		executeMop: executeMop(needs),
		listMopExecutions: listMopExecutions(needs),
		startMopRun: startMopRun(needs),
		outlineMop: outlineMop(needs),
		listStepTypes: listStepTypes(needs),
		createStepType: createStepType(needs),
		getStepType: getStepType(needs),
		updateStepType: updateStepType(needs),
		deleteStepType: deleteStepType(needs),
	};
}
