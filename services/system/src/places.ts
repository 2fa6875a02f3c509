import { apis } from "@netconductor/contracts/apis";
import { gatewayApi } from "@netconductor/contracts/gateway/api";
import { realtimeApi } from "@netconductor/contracts/realtime/api";

/** Where the services of this installation run, as far as this process knows. */
export interface Places {
	/** Every service, by name. */
	all: readonly string[];
	/** Those of this process. */
	here(): string[];
	isHere(service: string): boolean;
	/** Addresses of the processes that run it; undefined where this process was not told. */
	addressesOf(service: string): readonly string[] | undefined;
}

/** @param addressesOf throws where it does not know */
export function createPlaces(own: string, addressesOf: (service: string) => readonly string[]): Places {
	const all = [...Object.keys(apis), realtimeApi.name, gatewayApi.name];
	const known = (service: string) => {
		try {
			return addressesOf(service);
		} catch {
			return undefined;
		}
	};
	const isHere = (service: string) => service === own || known(service)?.[0] === addressesOf(own)[0];
	return { all, here: () => all.filter(isHere), isHere, addressesOf: known };
}
