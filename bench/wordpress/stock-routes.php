<?php
/**
 * Takes away the REST routes that earlier versions of the plugin did not have, so that a server finds a stock site. Put into mu-plugins.
 */

add_filter(
	'rest_endpoints',
	static function ( array $endpoints ): array {
		$stock = '#^/chatpulse-chat/v1(/threads|/threads/\(\?P<\w+>\\\\d\+\)(/messages|/typing|/read)?|/messages/\(\?P<\w+>\\\\d\+\)/receipts|/users|/attachments)?$#';
		foreach ( array_keys( $endpoints ) as $route ) {
			if ( str_starts_with( $route, '/chatpulse-chat/' ) && ! preg_match( $stock, $route ) ) {
				unset( $endpoints[ $route ] );
			}
		}
		return $endpoints;
	},
	PHP_INT_MAX
);
