import { backupApi } from "@netconductor/contracts/backup/api";
import { Selection } from "@netconductor/contracts/devices/model";
import { z } from "zod";
import { defineKind } from "../kind.ts";

/** Backs up the configurations of devices, as a snapshot. */
export const backup = defineKind({
	kind: "backup",
	label: "Configuration backup",
	permission: "backups:run",
	changes_devices: false,
	params: z.strictObject({
		select: Selection,
		/** Devices that are left out although selected. */
		exclude: Selection.nullable().default(null),
	}),
	needs: { backup: backupApi },
	named: ({ select, exclude }) => (exclude === null ? [select] : [select, exclude]),
	select: async ({ select }) => select,
	start: ({ params, key, title, caller }, { backup: client }) =>
		client.startSnapshot({ body: { snapshot_id: key, name: title, ...params } }, caller),
});
