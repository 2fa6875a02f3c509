import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { keptPassword } from "./kept-password.ts";
import { freePorts, type OwnedProcess, startOwnedProcess, waitUntilReady } from "./owned-process.ts";

const run = promisify(execFile);

export interface LabRabbit {
	/** `amqp://netconductor:password@127.0.0.1:port` */
	url: string;
	port: number;
	/** SIGKILL: what was confirmed must be there after `start`. */
	kill(): Promise<void>;
	/** Starts it again with the same data on the same ports. */
	start(): Promise<void>;
	/** Messages in its queues, those that a consumer has and did not confirm among them. Takes a second or two. */
	messages(): Promise<number>;
	stop(): Promise<void>;
}

/**
 * A private RabbitMQ broker of Debian's `rabbitmq-server`: node, cookie, name service, ports, password and data are all its own, so that it
 * meets no broker of the host. Takes about 5 s to start; `dir` keeps the data. It ends with this process.
 *
 * @param vhosts virtual hosts to make besides `/`: each is a broker to itself
 */
export async function startRabbit({
	dir,
	vhosts = [],
}: {
	dir: string;
	vhosts?: readonly string[];
}): Promise<LabRabbit> {
	const password = await keptPassword(dir);
	const [port = 0, epmdPort = 0, distributionPort = 0] = await freePorts(3);
	await writeFile(
		join(dir, "rabbitmq.conf"),
		[
			`listeners.tcp.local = 127.0.0.1:${port}`,
			// A test machine with a nearly full disk or little memory must not block publishers.
			"disk_free_limit.absolute = 10MB",
			"vm_memory_high_watermark.absolute = 1GB",
			`load_definitions = ${join(dir, "definitions.json")}`,
			"log.console = true",
			"log.console.level = warning",
			"",
		].join("\n"),
	);
	await writeFile(join(dir, "definitions.json"), JSON.stringify(definitions(password, ["/", ...vhosts])), {
		mode: 0o600,
	});
	await writeFile(join(dir, "enabled_plugins"), "[].\n");
	const env = {
		// The Erlang cookie is made in HOME; the host's own node keeps its own.
		HOME: dir,
		// Its data goes by this name, and the name service is its own: another start, on other ports, finds what was stored.
		RABBITMQ_NODENAME: "netconductor@localhost",
		RABBITMQ_CONF_ENV_FILE: "/dev/null",
		RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq.conf"),
		RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, "advanced.config"),
		RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "enabled_plugins"),
		RABBITMQ_GENERATED_CONFIG_DIR: join(dir, "generated"),
		RABBITMQ_SCHEMA_DIR: join(dir, "schema"),
		RABBITMQ_MNESIA_BASE: join(dir, "data"),
		RABBITMQ_LOG_BASE: join(dir, "log"),
		RABBITMQ_PID_FILE: join(dir, "rabbitmq.pid"),
		RABBITMQ_DIST_PORT: String(distributionPort),
		ERL_EPMD_PORT: String(epmdPort),
		ERL_EPMD_ADDRESS: "127.0.0.1",
		// Schedulers that spin while idle would take a core from the tests.
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
			"-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false",
	};
	let nameService: OwnedProcess | undefined;
	let broker: OwnedProcess | undefined;
	async function start() {
		if (broker?.isRunning()) return;
		// Left to itself Erlang would start a name service as a daemon that outlives the broker.
		nameService ??= startOwnedProcess("epmd", ["-port", String(epmdPort), "-address", "127.0.0.1"], { cwd: dir });
		const started = startOwnedProcess(serverScript, [], { cwd: dir, env });
		broker = started;
		await waitUntilReady("rabbitmq-server", started, () => started.output().includes("completed with"), {
			timeout_ms: 90_000,
		});
	}
	await start();
	return {
		url: `amqp://${user}:${password}@127.0.0.1:${port}`,
		port,
		start,
		kill: async () => broker?.kill(),
		async messages() {
			const list = ["list_queues", "messages", "--quiet", "--formatter", "json"];
			const { stdout } = await run(controlScript, list, { cwd: dir, env });
			const queues: { messages: number }[] = JSON.parse(stdout);
			return queues.reduce((sum, { messages }) => sum + messages, 0);
		},
		async stop() {
			await broker?.stop(15_000);
			await nameService?.stop();
			nameService = undefined;
		},
	};
}

const user = "netconductor";

/** Imported at every start. An empty hash lets nobody in: data of before has a `guest` whose password everybody knows. */
function definitions(password: string, vhosts: readonly string[]) {
	const salt = randomBytes(4);
	const hash = createHash("sha256").update(salt).update(password).digest();
	const hashing_algorithm = "rabbit_password_hashing_sha256";
	return {
		vhosts: vhosts.map((name) => ({ name })),
		users: [
			{
				name: user,
				password_hash: Buffer.concat([salt, hash]).toString("base64"),
				hashing_algorithm,
				tags: "administrator",
			},
			{ name: "guest", password_hash: "", hashing_algorithm, tags: "" },
		],
		permissions: vhosts.map((vhost) => ({ user, vhost, configure: ".*", write: ".*", read: ".*" })),
	};
}

// Debian's /usr/sbin/rabbitmq-server is a wrapper that changes to the user `rabbitmq`; this is the program itself, and runs as anyone.
const serverScript = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const controlScript = "/usr/lib/rabbitmq/bin/rabbitmqctl";
