import { z } from "zod";
import { Id } from "../kernel/ids.ts";
import { get, post } from "../kernel/operation.ts";
import { Page } from "../kernel/page.ts";
import { RunRef } from "../tasks/model.ts";
import {
	ChangeInstances,
	ChosenInstances,
	InstanceValidation,
	ListServiceInstances,
	ServiceInstance,
	ServiceInstanceSummary,
	ValidateInstances,
} from "./instances.ts";

/** What may keep a run on chosen instances from starting. */
const runErrors = [
	"instances.not_found",
	"instances.several_stacks",
	"instances.not_in_stack",
	"stacks.not_found",
	"stacks.bad_definition",
	"stacks.not_rendered",
	"stacks.nothing_to_do",
	"templates.not_found",
	"resources.no_value",
	"resources.too_much",
	"devices.not_found",
	"devices.disabled",
	"device_groups.not_found",
] as const;

/** What stands where of the service stacks. */
export const instanceOperations = {
	listServiceInstances: get("/api/service-instances", {
		summary: "Services of stacks on devices, as they were last deployed",
		query: ListServiceInstances,
		returns: Page(ServiceInstanceSummary),
		permission: "stacks:read",
		errors: ["stacks.not_found"],
	}),
	redeployInstances: post("/api/service-instances/redeploy", {
		summary: "Deploy chosen services again on their devices, in one run",
		body: ChangeInstances,
		returns: RunRef,
		status: 202,
		permission: "stacks:deploy",
		errors: [...runErrors, "stacks.busy"],
	}),
	checkInstances: post("/api/service-instances/check", {
		summary: "Ask the stack's checks on the devices of chosen services, and change nothing",
		body: ChosenInstances,
		returns: RunRef,
		status: 202,
		permission: "stacks:deploy",
		errors: [...runErrors, "instances.nothing_to_check"],
	}),
	validateInstances: post("/api/service-instances/validate", {
		summary: "Compare chosen services with the newest backups of their devices, or ask the devices by a run",
		body: ValidateInstances,
		returns: InstanceValidation,
		permission: "stacks:deploy",
		timeout_ms: 120_000,
		errors: runErrors,
	}),
	deleteInstances: post("/api/service-instances/delete", {
		summary: "Take chosen services off their devices, in one run; then they are gone",
		body: ChangeInstances,
		returns: RunRef,
		status: 202,
		permission: "stacks:deploy",
		errors: [...runErrors, "stacks.busy", "stacks.no_delete_template"],
	}),
	forgetInstances: post("/api/service-instances/forget", {
		summary: "Forget that chosen services stand on their devices, and leave what stands there",
		body: ChosenInstances,
		returns: z.object({ forgotten: z.int() }),
		permission: "stacks:write",
		errors: ["instances.not_found"],
	}),
	getServiceInstance: get("/api/service-instances/:id", {
		summary: "One service on one device, with the lines that were sent",
		params: z.object({ id: Id }),
		returns: ServiceInstance,
		permission: "stacks:read",
		errors: ["instances.not_found"],
	}),
};
