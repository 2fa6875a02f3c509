import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
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
	ports: Set<number>;
}

export function createFootprint(data_dir: string, port: number): Footprint {
	const footprint: Footprint = {
		pids: new Set(),
		shared_memory: new Set(),
		segments: new Set(),
		ports: new Set([port]),
		look() {
			for (const pid of processesOf(data_dir)) footprint.pids.add(pid);
			const postmaster = postmasterOf(data_dir);
			if (postmaster === undefined) return;
			footprint.ports.add(postmaster.port);
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
export async function findLeftovers(data_dir: string, temp_dir: string, footprint: Footprint): Promise<string[]> {
	const alive = [...new Set([...processesOf(data_dir), ...[...footprint.pids].filter((pid) => isOurs(pid, data_dir))])];
	const open = await Promise.all([...footprint.ports].map(async (port) => ((await answers(port)) ? [port] : [])));
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
		...left(open.flat().map(String), "listening port"),
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

function answers(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect({ host: "127.0.0.1", port });
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}

function readOr(path: string, otherwise: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return otherwise;
	}
}
