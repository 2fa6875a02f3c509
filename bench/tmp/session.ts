import net from "node:net";
import { openSession } from "@netconductor/driver-core/session";
import { collectConfig } from "@netconductor/driver-core/collect-config";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { startFleetProcess } from "@netconductor/lab/sim/process";
const fleet = await startFleetProcess({ devices: { count: 100, platforms: ["cisco_ios"] }, config_bytes: 12000 } as never);
const platform = builtInPlatforms.find((p) => p.id === "cisco_ios")!;
let writes = 0, writev = 0;
const h = (net.Socket.prototype as any)._writeGeneric;
(net.Socket.prototype as any)._writeGeneric = function (v: boolean, d: any, e: any, c: any) { if (v) writev++; else writes++; return h.call(this, v, d, e, c); };
async function one(i: number) {
	const d = fleet.devices[i % fleet.devices.length]!;
	const s = await openSession({ device_id: d.name, name: d.name, host: d.host, port: d.port, username: d.username, password: d.password, enable_password: d.enable_password, host_key: { fingerprint: d.host_key_fingerprint, algorithm: "ssh-ed25519", accepted_by: "", accepted_at: "" }, legacy_algorithms: false, platform, timeouts: { connect_ms: 15000, auth_ms: 20000, prompt_ms: 20000, command_ms: 60000 }, keepalive_ms: 10000, max_output_bytes: 64e6, jump_hosts: [] } as never, { signal: new AbortController().signal } as never);
	await collectConfig(s); await s.close();
}
async function round(n: number) { let i = 0; await Promise.all(Array.from({ length: 50 }, async () => { while (i < n) await one(i++); })); }
await round(200);
for (let r = 0; r < 3; r++) { writes = writev = 0; const c = process.cpuUsage(); const t = performance.now(); await round(400); const u = process.cpuUsage(c); console.log("cpu ms/session", ((u.user + u.system) / 1000 / 400).toFixed(2), "user", (u.user/400000).toFixed(2), "writes", writes / 400, "writev", writev / 400, "per s", (400/((performance.now()-t)/1000)).toFixed(0)); }
await fleet.stop?.(); process.exit(0);
