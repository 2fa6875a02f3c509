import type { Client } from "@netconductor/contracts/kernel/client";
import type { Api } from "@netconductor/contracts/kernel/operation";
import { deadLettersApi, ServiceDeadLetter } from "@netconductor/contracts/system/dead-letters";
import { type AppError, failed, hasCode, isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { z } from "zod";
import type { Operation } from "../operation.ts";
import type { Places } from "../places.ts";

interface Needs {
	places: Places;
	clientOf<A extends Api>(api: A): Client<A, CallerContext>;
	onChange(): void;
}

const resource_type = "dead_letter";

/** Looks at what the services put aside, wherever they run, and has it tried again or given up. */
export function createDeadLetters({ places, clientOf, onChange }: Needs) {
	/** @throws system.no_such_service, service.unavailable */
	function reach(service: string) {
		if (!places.all.includes(service)) throw noSuchService(service);
		if (!places.isHere(service) && places.addressesOf(service) === undefined) {
			throw failed("service.unavailable", {
				message: `The address of ${service} is not known here: set NETCONDUCTOR_${service.toUpperCase()}_URL for the system service.`,
				details: { service },
			});
		}
		return clientOf(deadLettersApi(service));
	}

	/** The part of one service's that belongs on this page; undefined where it does not answer. */
	async function partOf(
		service: string,
		after: Place | undefined,
		limit: number,
		call: CallerContext,
	): Promise<ServiceDeadLetter[] | undefined> {
		const from = after && { dead_at: after.dead_at, id: after.id, included: service > after.service };
		try {
			const found = await reach(service).listOwnDeadLetters({ body: { from, limit } }, call);
			return found.map((letter) => ({ ...letter, service }));
		} catch (error) {
			// The gateway, for one, takes no events.
			if (hasCode(error, "request.unknown_route")) return [];
			if (isAppError(error) && (error.kind === "unavailable" || error.kind === "timeout")) return undefined;
			throw error;
		}
	}

	const listDeadLetters: Operation<"listDeadLetters"> = async ({ query, ...call }) => {
		const { service, cursor, limit } = query;
		const after = cursor === undefined ? undefined : readCursor(cursor);
		if (service !== undefined && !places.all.includes(service)) throw noSuchService(service);
		const asked = service === undefined ? places.all : [service];
		const parts = await Promise.all(asked.map((name) => partOf(name, after, limit + 1, call)));
		const found = parts.flatMap((part) => part ?? []).toSorted(byPlace);
		const items = found.slice(0, limit);
		const last = items.at(-1);
		return {
			items,
			next_cursor: found.length > limit && last !== undefined ? writeCursor(last) : null,
			silent_services: asked.filter((_, index) => parts[index] === undefined),
		};
	};

	const getDeadLetter: Operation<"getDeadLetter"> = async ({ params: { service, id }, ...call }) => {
		const found = await reach(service).getOwnDeadLetter({ body: { id } }, call).catch(asNoSuchService(service));
		if (found === null) {
			throw failed("system.dead_letter_not_found", {
				message: `${service} has put no event ${id} aside; perhaps it was replayed or discarded meanwhile.`,
			});
		}
		return { ...found, service };
	};

	const replayDeadLetters: Operation<"replayDeadLetters"> = async ({ body: { service, ids }, note, ...call }) => {
		note({ resource_type, resource_name: service });
		const done = await reach(service).replayOwnDeadLetters({ body: { ids } }, call).catch(asNoSuchService(service));
		note({ after: { service, ...done } });
		onChange();
		return done;
	};

	const discardDeadLetters: Operation<"discardDeadLetters"> = async ({ body: { service, ids }, note, ...call }) => {
		note({ resource_type, resource_name: service });
		const done = await reach(service).discardOwnDeadLetters({ body: { ids } }, call).catch(asNoSuchService(service));
		note({ after: { service, ...done } });
		onChange();
		return done;
	};

	return { listDeadLetters, getDeadLetter, replayDeadLetters, discardDeadLetters };
}

/** A place in the list of all services. One event may have been put aside by several, perhaps at the same moment. */
const Place = ServiceDeadLetter.pick({ dead_at: true, id: true, service: true });
type Place = z.infer<typeof Place>;

function byPlace(one: Place, other: Place): number {
	const key = ({ dead_at, id, service }: Place) => `${dead_at} ${id} ${service}`;
	return key(one) < key(other) ? -1 : 1;
}

function writeCursor({ dead_at, id, service }: Place): string {
	return Buffer.from(JSON.stringify({ dead_at, id, service })).toString("base64url");
}

/** @throws request.invalid */
function readCursor(cursor: string): Place {
	try {
		return Place.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
	} catch {
		throw failed("request.invalid", {
			message: "This cursor does not belong to this list. Start again without one.",
			errors: [{ path: "query.cursor", message: "not a cursor of this list" }],
		});
	}
}

function noSuchService(service: string): AppError {
	return failed("system.no_such_service", { message: `There is no service ${service} that takes events.` });
}

/** One that takes no events knows no such operations. */
function asNoSuchService(service: string) {
	return (error: unknown): never => {
		throw hasCode(error, "request.unknown_route") ? noSuchService(service) : error;
	};
}
