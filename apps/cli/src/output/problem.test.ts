import { expect, test } from "vitest";
import { renderProblem } from "./problem.ts";
import type { Paint } from "./terminal.ts";

const plain: Paint = (_style, text) => text;
const problem = { type: "", status: 400, code: "request.invalid", title: "The request is not valid", detail: "" };

test("each field that is wrong is named without the API's words", () => {
	const errors = [
		{ path: "body.port", message: "Too big" },
		{ path: "query.page", message: "Too small" },
	];
	expect(renderProblem({ ...problem, errors }, undefined, plain)).toBe(
		"error: The request is not valid\n  port: Too big\n  page: Too small\n",
	);
});

test("a device's error says where it arose and what to type", () => {
	const text = renderProblem(
		{
			...problem,
			status: 409,
			code: "device.host_key_changed",
			title: "The device's host key changed",
			detail: "core-2 presented another key.",
			phase: "host_key",
			details: { device_name: "core-2" },
		},
		undefined,
		plain,
	);
	expect(text).toContain("phase: host_key");
	expect(text).toContain("netconductor devices trust core-2");
});

test("the trace is shown for the server's own faults only, and nothing in a problem reaches the terminal raw", () => {
	const broken = { ...problem, status: 500, code: "internal.unexpected", trace_id: "abc", detail: "\u001b[2Joops" };
	expect(renderProblem(broken, undefined, plain)).toContain("trace: abc");
	expect(renderProblem(broken, undefined, plain)).toContain("\\x1b[2Joops");
	expect(renderProblem({ ...problem, trace_id: "abc" }, undefined, plain)).not.toContain("trace");
});

test("a detail that only repeats the title is left out", () => {
	const title = "The request is not valid";
	expect(renderProblem({ ...problem, detail: `${title}.` }, undefined, plain)).toBe(`error: ${title}\n`);
});

test("who would delete a stack that stands on devices is told how to take it off them, by its name", () => {
	const deployed = { ...problem, status: 409, code: "stacks.deployed", title: "The service stack stands on devices" };
	const named = renderProblem({ ...deployed, details: { stack: "edge", state: "deployed" } }, undefined, plain);
	expect(named).toContain("`netconductor stacks remove edge`");
	expect(named).toContain("`netconductor stacks delete edge --keep-configuration`");
	expect(renderProblem(deployed, undefined, plain)).toContain("`netconductor stacks remove STACK`");
});
