import { deviceChecks } from "@netconductor/contracts/devices/checks";
import { defineCheckStep } from "../shared/check-step.ts";

export const stepType = defineCheckStep({
	type: "check_interfaces",
	kind: "interfaces",
	label: "Check interfaces",
	description: "Each of the interfaces is up.",
	params: deviceChecks.interfaces.strict(),
	example: { names: ["GigabitEthernet0/1"] },
});
