import { ciscoIos } from "./platforms/cisco-ios.ts";

/** Every operating system the lab can play. */
export const simPlatforms = {
	cisco_ios: ciscoIos,
};

export type SimPlatformId = keyof typeof simPlatforms;
