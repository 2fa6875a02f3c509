import { Connection } from "@netconductor/contracts/devices/connection";
import { ciscoIos } from "@netconductor/driver-platforms/cisco-ios";

/** The connection to a router on this machine, of the lab's shell server unless told otherwise. Its patience is short. */
export function routerConnection(port: number, changes: Partial<Connection> = {}): Connection {
	return Connection.parse({
		device_id: "r1",
		name: "r1",
		host: "127.0.0.1",
		port,
		username: "admin",
		password: "pa55word",
		host_key: null,
		legacy_algorithms: false,
		platform: ciscoIos,
		timeouts: { connect_ms: 1_000, auth_ms: 700, prompt_ms: 1_000, command_ms: 400 },
		...changes,
	});
}
