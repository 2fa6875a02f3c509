import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { relative } from "node:path";
import { clusterOf, postmasterOf, serversOf } from "./postgres.ts";

/** What the product's processes hold besides files, seen while they run; asked again after each fault, because processes come and go. */
export interface Footprint {
	look(): void;
	pids: Set<number>;
	/** Names below /dev/shm. */
	shared_memory: Set<string>;
	/** Ids of System V segments, which are the inodes of their mappings. */
	segments: Set<number>;
	/** Listening TCP ports, by the inode of their socket: another process may have the port afterwards. */
	ports: Map<number, number>;
}

export function createFootprint(data_dir: string): Footprint {
	const footprint: Footprint = {
		pids: new Set(),
		shared_memory: new Set(),
		segments: new Set(),
		ports: new Map(),
		look() {
			const listening = listeningPorts();
			for (const pid of processesOf(data_dir)) {
				footprint.pids.add(pid);
				for (const inode of socketsOf(pid)) {
					const port = listening.get(inode);
					if (port !== undefined) footprint.ports.set(inode, port);
				}
			}
			const postmaster = postmasterOf(data_dir);
			if (postmaster === undefined) return;
			// proc_pid_maps(5): address, permissions, offset, device, inode, path.
			for (const line of readOr(`/proc/${postmaster.pid}/maps`, "").split("\n")) {
				const [, , , , inode, path = ""] = line.trim().split(/\s+/);
				if (path.startsWith("/dev/shm/")) footprint.shared_memory.add(path.slice("/dev/shm/".length));
				if (path.startsWith("/SYSV")) footprint.segments.add(Number(inode));
			}
		},
	};
	return footprint;
}

/** Living processes that were given this data directory, and the PostgreSQL in it. */
function processesOf(data_dir: string): number[] {
	const given = `NETCONDUCTOR_DATA_DIR=${data_dir}\0`;
	const ours = readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.filter((pid) => readOr(`/proc/${pid}/environ`, "").includes(given))
		.map(Number);
	return [...ours, ...serversOf(data_dir)];
}

/** What a stopped product may leave in its data directory, beside the cluster itself. */
const expectedFiles = [
	/^master\.key$/,
	/^postgres\.log$/,
	/^claims$/,
	/^postgres$/,
	/^postgres\/superuser-password$/,
	/^postgres\/cluster(\/|$)/,
];

/** What is left of a product that was stopped; nothing when it left as it should. */
export function findLeftovers(data_dir: string, temp_dir: string, footprint: Footprint): string[] {
	const alive = [...new Set([...processesOf(data_dir), ...[...footprint.pids].filter((pid) => isOurs(pid, data_dir))])];
	const listening = listeningPorts();
	const open = [...footprint.ports].filter(([inode]) => listening.has(inode)).map(([, port]) => port);
	const left = (names: string[], what: string) => names.map((name) => `${what} ${name}`);
	const files = readdirSync(data_dir, { recursive: true }).map(String);
	const unexpected = files.filter((name) => !expectedFiles.some((pattern) => pattern.test(name)));
	const segments = readOr("/proc/sysvipc/shm", "")
		.split("\n")
		.map((line) => Number(line.trim().split(/\s+/)[1]))
		.filter((id) => footprint.segments.has(id));
	return [
		...left(
			alive.map((pid) => `${pid}: ${readOr(`/proc/${pid}/cmdline`, "").replaceAll("\0", " ")}`),
			"process",
		),
		...left(open.map(String), "listening port"),
		...left(socketsBelow([data_dir, temp_dir]), "socket"),
		...left(unexpected, "file in the data directory:"),
		...left(
			files.filter((name) => /^postgres\/cluster\/(postmaster\.pid|.*pgsql_tmp\/.+)$/.test(name)),
			"file",
		),
		...left(readdirSync(temp_dir), "temporary file"),
		...left(
			[...footprint.shared_memory].filter((name) => existsSync(`/dev/shm/${name}`)),
			"shared memory",
		),
		...left(segments.map(String), "System V segment"),
	];
}

/** Process ids are used again: another's does not count. */
function isOurs(pid: number, data_dir: string): boolean {
	try {
		return (
			readFileSync(`/proc/${pid}/environ`, "utf8").includes(`NETCONDUCTOR_DATA_DIR=${data_dir}\0`) ||
			readlinkSync(`/proc/${pid}/cwd`) === clusterOf(data_dir)
		);
	} catch {
		return false;
	}
}

function socketsBelow(dirs: string[]): string[] {
	return readOr("/proc/net/unix", "")
		.split("\n")
		.map((line) => line.slice(line.indexOf("/")))
		.filter((path) => dirs.some((dir) => path.startsWith("/") && !relative(dir, path).startsWith("..")));
}

/** Listening TCP sockets, inode to port; proc_net_tcp: state 0A is LISTEN. */
function listeningPorts(): Map<number, number> {
	const ports = new Map<number, number>();
	for (const line of `${readOr("/proc/net/tcp", "")}${readOr("/proc/net/tcp6", "")}`.split("\n")) {
		const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
		if (state === "0A") ports.set(Number(inode), Number.parseInt(local.slice(local.indexOf(":") + 1), 16));
	}
	return ports;
}

function socketsOf(pid: number): number[] {
	try {
		return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
			const inode = /^socket:\[(\d+)\]$/.exec(linkOr(`/proc/${pid}/fd/${name}`, ""))?.[1];
			return inode === undefined ? [] : [Number(inode)];
		});
	} catch {
		return [];
	}
}

function linkOr(path: string, otherwise: string): string {
	try {
		return readlinkSync(path);
	} catch {
		return otherwise;
	}
}

function readOr(path: string, otherwise: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return otherwise;
	}
}
