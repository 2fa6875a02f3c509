import type { Clients } from "../client.ts";
import type { DynamicKind } from "./command-tree.ts";

const most = 200;

/** Names of a kind that may be meant by `prefix`, at most 200: one page, quickly. */
export async function namesOf(
	{ auth, backup, config, devices, tasks }: Clients,
	kind: DynamicKind,
	prefix: string,
): Promise<string[]> {
	const query = { page_size: most, ...(prefix !== "" && { q: prefix.slice(0, 200) }) };
	switch (kind) {
		case "device":
			return (await devices.listDevices({ query })).items.map(({ name }) => name);
		case "group":
			return (await devices.listGroups({ query })).items.map(({ name }) => name);
		case "credential":
			return (await devices.listCredentials({ query })).items.map(({ name }) => name);
		case "type":
			return (await devices.listDeviceTypes({ query })).items.map(({ id }) => id);
		case "user":
			return (await auth.listUsers({ query })).items.map(({ username }) => username);
		case "service-account":
			return (await auth.listServiceAccounts({ query })).items.map(({ name }) => name);
		case "role":
			return (await auth.listRoles({ query })).items.map(({ name }) => name);
		case "method":
			return (await auth.listLoginMethods({})).map(({ name }) => name);
		case "snapshot":
			return ["latest", "previous", ...(await backup.listSnapshots({ query })).items.map(({ name }) => name)];
		case "template":
			return (await config.listTemplates({ query })).items.map(({ name }) => name);
		case "stack":
			return (await config.listStacks({ query })).items.map(({ name }) => name);
		case "mop":
			return (await config.listMops({ query })).items.map(({ name }) => name);
		case "run":
			return (await tasks.listRuns({ query: { limit: 20 } })).items.map(({ id }) => id);
	}
}
