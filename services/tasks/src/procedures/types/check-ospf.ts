import { deviceChecks } from "@netconductor/contracts/devices/checks";
import { defineCheckStep } from "../shared/check-step.ts";

export const stepType = defineCheckStep({
	type: "check_ospf",
	kind: "ospf",
	label: "Check OSPF",
	description: "Each of the neighbours is Full, or 2-Way with one that is not designated.",
	params: deviceChecks.ospf.strict(),
	example: { neighbors: ["192.0.2.1"] },
});
