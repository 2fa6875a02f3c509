// Relays the outbox of one service and dies, as by kill -9, when the carrier has accepted the events and before the outbox forgets them.
import { createInProcessCarrier } from "../src/bus/in-process-carrier.ts";
import { startInbox } from "../src/bus/inbox.ts";
import { createRabbitMqCarrier } from "../src/bus/rabbitmq-carrier.ts";
import { startRelay } from "../src/bus/relay.ts";
import { systemClock } from "../src/clock.ts";
import { openDatabase } from "../src/db/database.ts";
import { createLog } from "../src/log.ts";

const [, , publisher = "", publisher_url = "", subscriber = "", subscriber_url = "", rabbit_url = ""] = process.argv;
const log = createLog({ level: "silent" });
const open = (schema: string, url: string) =>
	openDatabase({ url, schema, application_name: "relay that dies", max: 3 });
const inner = rabbit_url === "" ? createInProcessCarrier() : createRabbitMqCarrier({ url: rabbit_url, log });
// Takes events in and never finishes handling one.
if (rabbit_url === "") {
	await startInbox({
		db: open(subscriber, subscriber_url),
		service: subscriber,
		consumers: { "user.changed.v1": () => new Promise(() => {}) },
		carrier: inner,
		clock: systemClock,
		log,
	});
}
await startRelay({
	db: open(publisher, publisher_url),
	service: publisher,
	clock: systemClock,
	log,
	carrier: {
		...inner,
		async publish(messages) {
			await inner.publish(messages);
			process.kill(process.pid, "SIGKILL");
		},
	},
});
