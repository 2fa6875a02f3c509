import type { Database } from "../db/database.ts";
import type { Log } from "../log.ts";
import type { Ephemeral } from "./ephemeral.ts";
import { outboxSignal } from "./outbox.ts";

const topicOf = (db: Database) => `outbox.${db.schema}`;
const spacing_ms = 100;

/**
 * Tells the process that relays a schema's outbox of what this one committed to it: at once, and under load ten times a second. No commit waits for
 * it; a word that is lost only leaves the events until the relay looks by itself.
 */
export function announceOutbox({ db, ephemeral }: { db: Database; ephemeral: Pick<Ephemeral, "publish"> }) {
	let timer: NodeJS.Timeout | undefined;
	let again = false;

	const tell = () => ephemeral.publish(topicOf(db), null).catch(() => {});

	function onCommit(): void {
		if (timer !== undefined) {
			again = true;
			return;
		}
		void tell();
		timer = setTimeout(() => {
			timer = undefined;
			if (again) onCommit();
			again = false;
		}, spacing_ms);
	}

	db.signals.on(outboxSignal, onCommit);
	return {
		/** Tells of the last ones. */
		async stop(): Promise<void> {
			db.signals.off(outboxSignal, onCommit);
			clearTimeout(timer);
			if (again) await tell();
		},
	};
}

/**
 * Hears what other processes announce of a schema's outbox. `onGap` tells that the line was down, and with it perhaps the database: whatever could not go
 * on may go on now. Listening begins in the background, and as often as it takes: work goes on without it, only later.
 */
export function hearOfOutbox(needs: {
	db: Database;
	ephemeral: Pick<Ephemeral, "subscribe">;
	onNews(): void;
	onGap(): void;
	log: Log;
}) {
	const { db, ephemeral, onNews, onGap, log } = needs;
	let stopped = false;

	async function listen(): Promise<(() => Promise<void>) | undefined> {
		while (!stopped) {
			try {
				const unsubscribe = await ephemeral.subscribe(topicOf(db), onNews, onGap);
				// What was announced before is to be seen in the table.
				onNews();
				return unsubscribe;
			} catch (err) {
				// Subscribing waits half a minute for a connection before it gives up, so this does not turn in a circle.
				if (!stopped) log.warn({ err }, "no word of other processes' events; they are found a few seconds later");
			}
		}
		return undefined;
	}

	const listening = listen();
	return {
		stop(): void {
			stopped = true;
			void listening.then((unsubscribe) => unsubscribe?.());
		},
	};
}
