import { devicesApi } from "@netconductor/contracts/devices/api";
import { Selection } from "@netconductor/contracts/devices/model";
import { z } from "zod";
import { defineKind } from "../kind.ts";

/** Signs in to devices and reads their facts. */
export const connectivityTest = defineKind({
	kind: "connectivity_test",
	label: "Connection test",
	permission: "devices:test",
	changes_devices: false,
	params: z.strictObject({ select: Selection }),
	needs: { devices: devicesApi },
	named: ({ select }) => [select],
	select: async ({ select }) => select,
	start: ({ params, key, caller }, { devices }) => devices.startTest({ body: { key, select: params.select } }, caller),
});
