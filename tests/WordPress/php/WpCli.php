<?php
/**
 * As much of WP-CLI's interface as the plugin's commands use, for tests: what is printed is kept, an error is an exception.
 */

namespace {

	final class WP_CLI_Ended extends RuntimeException {}

	final class WP_CLI {

		/** @var array<string, callable> */
		public static array $commands = array();

		/** @var string[] */
		public static array $output = array();

		public static function add_command( string $name, callable $command ): void {
			self::$commands[ $name ] = $command;
		}

		public static function line( string $line = '' ): void {
			self::$output[] = $line;
		}

		public static function error( string $message ): never {
			throw new WP_CLI_Ended( $message );
		}

		public static function halt( int $status ): never {
			throw new WP_CLI_Ended( "status $status" );
		}

		public static function confirm( string $question, array $options = array() ): void {
			if ( empty( $options['yes'] ) ) {
				throw new WP_CLI_Ended( $question );
			}
		}

		/** Runs a command; what it printed. */
		public static function run( string $name, array $args = array(), array $options = array() ): array {
			self::$output = array();
			( self::$commands[ $name ] )( $args, $options );
			return self::$output;
		}
	}
}

namespace WP_CLI\Utils {

	function format_items( string $format, array $items, array $fields ): void {
		foreach ( $items as $item ) {
			\WP_CLI::line( wp_json_encode( array_intersect_key( $item, array_flip( $fields ) ) ) );
		}
	}
}
