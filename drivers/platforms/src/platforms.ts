import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { aristaEos } from "./arista-eos.ts";
import { ciscoIos } from "./cisco-ios.ts";
import { ciscoNxos } from "./cisco-nxos.ts";
import { ciscoXr } from "./cisco-xr.ts";
import { fortinet } from "./fortinet.ts";
import { frr } from "./frr.ts";
import { genericCli } from "./generic-cli.ts";
import { hpProcurve } from "./hp-procurve.ts";
import { juniperJunos } from "./juniper-junos.ts";
import { linux } from "./linux.ts";
import { mikrotikRouteros } from "./mikrotik-routeros.ts";
import { vyos } from "./vyos.ts";

/** The device types that come with the product. */
export const builtInPlatforms: PlatformDefinition[] = [
	ciscoIos,
	ciscoNxos,
	ciscoXr,
	aristaEos,
	juniperJunos,
	mikrotikRouteros,
	vyos,
	frr,
	linux,
	fortinet,
	hpProcurve,
	genericCli,
];
