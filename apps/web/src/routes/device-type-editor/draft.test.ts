import { expect, test } from "vitest";
import { faultAt, valueAt, withValue } from "./draft.ts";

const definition = {
	id: "x",
	enable: { command: "enable" },
	errors: ["^%", "^!"],
	facts: [{ command: "a", fields: { model: "(x)" } }],
};

test("a value is found, set and taken away by its path; the rest and the original stay as they are", () => {
	expect(valueAt(definition, "facts.0.fields.model")).toBe("(x)");
	expect(valueAt(definition, "prompt.exec")).toBeUndefined();
	expect(withValue(definition, "prompt.exec", "^#$")).toEqual({ ...definition, prompt: { exec: "^#$" } });
	expect(withValue(definition, "errors.1", "^-")).toEqual({ ...definition, errors: ["^%", "^-"] });
	expect(withValue(definition, "errors.0", undefined)).toEqual({ ...definition, errors: ["^!"] });
	expect(definition.errors).toEqual(["^%", "^!"]);
});

test("a part whose last field is taken away goes with it", () => {
	expect(withValue(definition, "enable.command", undefined)).not.toHaveProperty("enable");
	expect(withValue({ enable: { command: "a", password_prompt: "b" } }, "enable.command", undefined)).toEqual({
		enable: { password_prompt: "b" },
	});
});

test("a fault stands beside its field, with its place in a list", () => {
	const faults = [
		{ path: "volatile.2", message: "missing )" },
		{ path: "config.end", message: "too long" },
	];
	expect(faultAt(faults, "volatile")).toBe("3. missing )");
	expect(faultAt(faults, "config.end")).toBe("too long");
	expect(faultAt(faults, "config.endless")).toBeUndefined();
});
