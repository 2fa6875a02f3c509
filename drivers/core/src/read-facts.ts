import { FactName, type Facts } from "@netconductor/contracts/devices/platform";
import { hasCode } from "@netconductor/runtime/errors";
import type { Session } from "./session.ts";

/** Facts stand near the top of an answer; a device that sends more is not searched to its end. */
const searchedCharacters = 64 * 1024;

/** Asks the device who it is. A command that the device refuses yields no facts; every other error is thrown. */
export async function readFacts(session: Pick<Session, "platform" | "run">): Promise<Facts> {
	const facts: Facts = {};
	for (const { command, fields } of session.platform.facts) {
		let output: string;
		try {
			output = (await session.run(command)).output.slice(0, searchedCharacters);
		} catch (error) {
			if (hasCode(error, "device.command_failed")) continue;
			throw error;
		}
		for (const [name, pattern] of fields) {
			const value = pattern
				.exec(output)
				?.slice(1)
				.find((group) => group !== undefined)
				?.trim();
			const fact = FactName.parse(name);
			if (value !== undefined && value !== "") facts[fact] ??= value.slice(0, 500);
		}
	}
	return facts;
}
