import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startOwnedProcess } from "./owned-process.ts";

const module = new URL("./owned-process.ts", import.meta.url).href;

test("an owned process ends when its owner is killed with SIGKILL", async () => {
	const script = `
		const { startOwnedProcess } = await import(${JSON.stringify(module)});
		const owned = startOwnedProcess("sleep", ["300"]);
		process.stdout.write(owned.pid + "\\n");
		setInterval(() => {}, 1000);`;
	const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const pid = Number(await new Promise<Buffer>((resolve) => owner.stdout.once("data", resolve)));
	expect(groupIsAlive(pid)).toBe(true);
	owner.kill("SIGKILL");
	for (let waited = 0; groupIsAlive(pid) && waited < 5_000; waited += 20) await sleep(20);
	expect(groupIsAlive(pid)).toBe(false);
});

test("stop asks politely first and kills after the grace period", async () => {
	const stubborn = startOwnedProcess("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]);
	while (!stubborn.output().includes("ready")) await sleep(10);
	await stubborn.stop(200);
	expect(stubborn.isRunning()).toBe(false);

	const polite = startOwnedProcess("sh", [
		"-c",
		"trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done",
	]);
	while (!polite.output().includes("ready")) await sleep(10);
	await polite.stop();
	expect(polite.output()).toContain("bye");
});

function groupIsAlive(pid: number): boolean {
	try {
		process.kill(-pid, 0);
		return true;
	} catch {
		return false;
	}
}
