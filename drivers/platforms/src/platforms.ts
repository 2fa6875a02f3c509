import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { ciscoIos } from "./cisco_ios.ts";

/** The device types that come with the product. */
export const builtInPlatforms: PlatformDefinition[] = [ciscoIos];
