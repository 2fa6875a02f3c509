import type { SimPlatform } from "./platform.ts";
import { aristaEos } from "./platforms/arista-eos.ts";
import { ciscoIos } from "./platforms/cisco-ios.ts";
import { ciscoNxos } from "./platforms/cisco-nxos.ts";
import { ciscoXr } from "./platforms/cisco-xr.ts";
import { juniperJunos } from "./platforms/juniper-junos.ts";
import { linux } from "./platforms/linux.ts";
import { mikrotikRouteros } from "./platforms/mikrotik-routeros.ts";
import { vyos } from "./platforms/vyos.ts";

export type SimPlatformId =
	| "cisco_ios"
	| "cisco_nxos"
	| "cisco_xr"
	| "arista_eos"
	| "juniper_junos"
	| "mikrotik_routeros"
	| "vyos"
	| "linux";

/** Every operating system the lab can play. */
export const simPlatforms: Record<SimPlatformId, SimPlatform> = {
	cisco_ios: ciscoIos,
	cisco_nxos: ciscoNxos,
	cisco_xr: ciscoXr,
	arista_eos: aristaEos,
	juniper_junos: juniperJunos,
	mikrotik_routeros: mikrotikRouteros,
	vyos,
	linux,
};
