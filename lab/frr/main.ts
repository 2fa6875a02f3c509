import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requirePackages } from "../packages.ts";
import { startFrrLab } from "./lab.ts";

const missing = await requirePackages(["frr", "openssh-server", "iproute2"]);
if (missing.length > 0) {
	process.stderr.write(`The FRR lab needs root and the Debian packages ${missing.join(", ")}.\n`);
	process.exit(1);
}
const dir = await mkdtemp(join(tmpdir(), "netconductor-frr-"));
const lab = await startFrrLab({ routers: Number(process.argv[2] ?? 3), dir });
process.stdout.write(`${lab.routers.length} FRR routers are up, BGP is established between neighbours.\n\n`);
for (const { name, host, port, username, private_key_path } of lab.routers) {
	process.stdout.write(
		`npx netconductor credentials add ${name} --username ${username} --private-key-file ${private_key_path}\n` +
			`npx netconductor devices add ${name} ${host} --port ${port} --type frr --credential ${name}\n`,
	);
}
const [first] = lab.routers;
if (first) {
	process.stdout.write(
		`\nBy hand: ssh -p ${first.port} -i ${first.private_key_path} -o UserKnownHostsFile=/dev/null ${first.username}@${first.host}\n`,
	);
}
process.stdout.write("\nControl-C stops the routers.\n");
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.on(signal, async () => {
		if (stopping) return;
		stopping = true;
		await lab.stop();
		await rm(dir, { recursive: true, force: true });
		process.exit(0);
	});
}
