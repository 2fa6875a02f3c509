import { devicesApi } from "@netconductor/contracts/devices/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { announceChange } from "@netconductor/runtime/bus/announce-change";
import { defineService } from "@netconductor/runtime/host/service";
import { devicesConfig } from "./config.ts";
import { getConnection } from "./connection/get-connection.ts";
import { revealConnection } from "./connection/reveal-connection.ts";
import { listWorkerPools } from "./connection/worker-pool.ts";
import {
	createCredential,
	deleteCredential,
	getCredential,
	listCredentials,
	updateCredential,
} from "./credentials/change-credentials.ts";
import { sealedColumns } from "./credentials/secrets.ts";
import {
	createDeviceType,
	deleteDeviceType,
	getDeviceType,
	getPlatforms,
	listDeviceTypes,
	updateDeviceType,
} from "./device-types/device-types.ts";
import { createDevice, deleteDevice, getDevice, updateDevice } from "./devices/change-devices.ts";
import { getDeviceSummary } from "./devices/device-summary.ts";
import { describeDevices, listDevices } from "./devices/list-devices.ts";
import { createDeviceSearch } from "./devices/search.ts";
import { listTargets } from "./devices/selection.ts";
import { updateDevices } from "./devices/update-devices.ts";
import {
	createGroup,
	deleteGroup,
	describeGroups,
	getGroup,
	listGroups,
	setGroupMembers,
	updateGroup,
} from "./groups/groups.ts";
import { listDeviceHealth, recordHealth } from "./health/record-health.ts";
import { startTestOnce, testDevice, testDevices } from "./health/test-devices.ts";
import {
	acceptHostKey,
	forgetHostKey,
	getHostKey,
	listHostKeys,
	recordHostKey,
	rejectHostKey,
} from "./host-keys/host-keys.ts";
import { deleteOverride, getOverride, listOverrides, putOverride } from "./overrides/overrides.ts";
import { listDevicesInScope } from "./scope.ts";
import { readInventoryState } from "./tallies/inventory-state.ts";
import { exportDevices } from "./transfer/export-devices.ts";
import { importDevices } from "./transfer/import-devices.ts";

/** The inventory: devices and everything that decides how they are reached. */
export const devicesService = defineService({
	name: "devices",
	api: devicesApi,
	config: devicesConfig,
	migrations: new URL("../migrations", import.meta.url),
	needs: { tasks: tasksApi },
	setup({ db, vault, outbox, ephemeral, clients: { tasks }, clock, config }) {
		const stores = { db, vault, outbox, clock, search: createDeviceSearch(db) };
		return {
			operations: {
				listDevices: listDevices(stores),
				getDeviceSummary: getDeviceSummary(stores),
				createDevice: createDevice(stores),
				getDevice: getDevice(stores),
				updateDevice: updateDevice(stores),
				deleteDevice: deleteDevice(stores),
				updateDevices: updateDevices(stores),
				listDeviceHealth: listDeviceHealth(stores),
				getConnection: getConnection(stores),
				testDevice: testDevice({ db, tasks }),
				testDevices: testDevices({ db, tasks }),
				startTest: startTestOnce({ db, tasks }),
				importDevices: importDevices(stores),
				exportDevices: exportDevices(stores),

				getOverride: getOverride(stores),
				listOverrides: listOverrides(stores),
				putOverride: putOverride(stores),
				deleteOverride: deleteOverride(stores),

				listGroups: listGroups(stores),
				createGroup: createGroup(stores),
				getGroup: getGroup(stores),
				updateGroup: updateGroup(stores),
				deleteGroup: deleteGroup(stores),
				setGroupMembers: setGroupMembers(stores),

				listCredentials: listCredentials(stores),
				createCredential: createCredential(stores),
				getCredential: getCredential(stores),
				updateCredential: updateCredential(stores),
				deleteCredential: deleteCredential(stores),

				listDeviceTypes: listDeviceTypes(stores),
				createDeviceType: createDeviceType(stores),
				getDeviceType: getDeviceType(stores),
				updateDeviceType: updateDeviceType(stores),
				deleteDeviceType: deleteDeviceType(stores),

				listHostKeys: listHostKeys(stores),
				getHostKey: getHostKey(stores),
				acceptHostKey: acceptHostKey(stores),
				rejectHostKey: rejectHostKey(stores),
				forgetHostKey: forgetHostKey(stores),

				describeDevices: describeDevices({ db }),
				describeGroups: describeGroups(stores),
				listDevicesInScope: listDevicesInScope(stores),
				listTargets: listTargets(stores),
				listWorkerPools: listWorkerPools({ db }),
				revealConnection: revealConnection(stores),
				getPlatforms: getPlatforms(stores),
				recordHostKey: recordHostKey({
					...stores,
					onChange: (device_id) => announceChange(ephemeral, "host_keys", device_id),
				}),
			},
			consumers: {
				"operation.finished.v1": recordHealth({
					keep: config.health_history_entries,
					onChange: () => announceChange(ephemeral, "devices"),
				}),
			},
			keeps: { state: () => readInventoryState(db), operations: ["listDevices", "getDeviceSummary"] },
			sealed: sealedColumns,
		};
	},
});
