import { z } from "zod";
import { del, get, patch, post } from "../kernel/operation.ts";
import { Page } from "../kernel/page.ts";
import {
	InstantiateStackTemplate,
	ListStackTemplates,
	NewStackTemplate,
	PreviewUpgrade,
	StackTemplate,
	StackTemplateChange,
	StackTemplateKey,
	StackTemplateSummary,
	StackUpgrade,
	UpgradeStack,
} from "./stack-templates.ts";
import { Stack, StackKey } from "./stacks.ts";

const byTemplate = z.object({ id: StackTemplateKey });
const byStack = z.object({ id: StackKey });
const bodyBytes = 16 * 1024 * 1024;
/** What may be wrong with a stack that is made from a template. */
const makeErrors = ["stack_templates.bad_parameters", "stacks.bad_definition", "templates.not_found"] as const;

/** Stack templates: definitions with parameters, and the stacks that are made from them. */
export const stackTemplateOperations = {
	listStackTemplates: get("/api/stack-templates", {
		summary: "Stack templates",
		query: ListStackTemplates,
		returns: Page(StackTemplateSummary),
		permission: "stacks:read",
		same_for_all: true,
	}),
	createStackTemplate: post("/api/stack-templates", {
		summary: "Add a stack template",
		body: NewStackTemplate,
		returns: StackTemplate,
		status: 201,
		permission: "stacks:write",
		max_body_bytes: bodyBytes,
		errors: ["stack_templates.name_taken", "stack_templates.bad_definition", "templates.not_found"],
	}),
	getStackTemplate: get("/api/stack-templates/:id", {
		summary: "One stack template, by id or name",
		params: byTemplate,
		returns: StackTemplate,
		permission: "stacks:read",
		errors: ["stack_templates.not_found"],
	}),
	updateStackTemplate: patch("/api/stack-templates/:id", {
		summary: "Change a stack template; stacks that were made from it stay as they are until they are upgraded",
		params: byTemplate,
		body: StackTemplateChange,
		returns: StackTemplate,
		permission: "stacks:write",
		max_body_bytes: bodyBytes,
		errors: [
			"stack_templates.not_found",
			"stack_templates.name_taken",
			"stack_templates.changed",
			"stack_templates.bad_definition",
			"templates.not_found",
		],
	}),
	deleteStackTemplate: del("/api/stack-templates/:id", {
		summary: "Delete a stack template; stacks that were made from it stay",
		params: byTemplate,
		permission: "stacks:write",
		errors: ["stack_templates.not_found"],
	}),
	instantiateStackTemplate: post("/api/stack-templates/:id/instantiate", {
		summary: "Make a stack from a template with values for its parameters",
		params: byTemplate,
		body: InstantiateStackTemplate,
		returns: Stack,
		status: 201,
		permission: "stacks:write",
		max_body_bytes: bodyBytes,
		errors: ["stack_templates.not_found", "stacks.name_taken", ...makeErrors],
	}),
	previewUpgrade: post("/api/service-stacks/:id/upgrade-preview", {
		summary: "What its template's newest version would change of a stack",
		params: byStack,
		body: PreviewUpgrade,
		returns: StackUpgrade,
		permission: "stacks:read",
		changes: false,
		max_body_bytes: bodyBytes,
		errors: ["stacks.not_found", "stacks.not_from_template", ...makeErrors],
	}),
	upgradeStack: post("/api/service-stacks/:id/upgrade", {
		summary: "Bring a stack to its template's newest version; what stands on devices changes when it is deployed",
		params: byStack,
		body: UpgradeStack,
		returns: Stack,
		permission: "stacks:write",
		max_body_bytes: bodyBytes,
		errors: [
			"stacks.not_found",
			"stacks.not_from_template",
			"stacks.changed",
			"stack_templates.changed",
			...makeErrors,
		],
	}),
};
