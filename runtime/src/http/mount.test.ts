import { defineApi, post } from "@netconductor/contracts/kernel/operation";
import Fastify from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { answerWithProblems, mountApi } from "./mount.ts";

const body = z.object({ word: z.string() });
const api = defineApi("words", {
	say: post("/say", { summary: "Say a word", body, public: true }),
	sayInForms: post("/forms", {
		summary: "Say a word, in a form too",
		body,
		forms: true,
		public: true,
		max_body_bytes: 100,
	}),
});
const app = Fastify();
let heard: unknown;

beforeAll(async () => {
	answerWithProblems(app);
	mountApi(
		app,
		api,
		() => true,
		() => undefined,
		async (_name, _operation, raw) => {
			heard = raw.body;
			return { status: 204, content_type: "", payload: "" };
		},
	);
	await app.ready();
});
afterAll(() => app.close());

async function send(url: string, payload: string, type = "application/x-www-form-urlencoded") {
	heard = undefined;
	const { statusCode } = await app.inject({ method: "POST", url, payload, headers: { "content-type": type } });
	return { status: statusCode, heard };
}

test("a form is read where an operation takes them, and refused everywhere else", async () => {
	expect(await send("/forms", "word=a%2Bb+c&more=1")).toEqual({ status: 204, heard: { word: "a+b c", more: "1" } });
	expect(await send("/say", "word=a")).toEqual({ status: 415, heard: undefined });
	for (const url of ["/say", "/forms"]) {
		expect(await send(url, '{"word":"a"}', "application/json")).toEqual({ status: 204, heard: { word: "a" } });
	}
});

test("a field that is there twice is no text, and names of JavaScript's own are fields like others", async () => {
	expect((await send("/forms", "word=a&word=b")).heard).toEqual({ word: ["a", "b"] });
	await send("/forms", "__proto__=a&constructor=b");
	expect(Object.entries(heard as object)).toEqual([
		["__proto__", "a"],
		["constructor", "b"],
	]);
});

test("a form is no longer than other bodies may be", async () => {
	expect((await send("/forms", `word=${"a".repeat(200)}`)).status).toBe(413);
});
