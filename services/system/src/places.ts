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
	/** Address of the process that runs it; undefined where this process was not told. */
	addressOf(service: string): string | undefined;
}

/** @param addressOf throws where it does not know */
export function createPlaces(own: string, addressOf: (service: string) => string): Places {
	const all = [...Object.keys(apis), realtimeApi.name, gatewayApi.name];
	const known = (service: string) => {
		try {
			return addressOf(service);
		} catch {
			return undefined;
		}
	};
	const isHere = (service: string) => service === own || known(service) === addressOf(own);
	return { all, here: () => all.filter(isHere), isHere, addressOf: known };
}
