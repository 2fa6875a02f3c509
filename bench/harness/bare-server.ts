// The least that a page of devices can cost on this stack: Fastify, zod on both sides, no token, no database. Prints its port.

import { json } from "node:stream/consumers";
import { Device, ListDevices } from "@netconductor/contracts/devices/model";
import { Page } from "@netconductor/contracts/kernel/page";
import Fastify from "fastify";

const Answer = Page(Device);
const page = Answer.parse(await json(process.stdin));
const app = Fastify();
app.get("/api/devices", (request, reply) => {
	ListDevices.parse(request.query);
	return reply.type("application/json; charset=utf-8").send(JSON.stringify(Answer.parse(page)));
});
await app.listen({ host: "127.0.0.1", port: 0 });
const address = app.server.address();
process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
