<?php
/**
 * A WordPress beside the tested site: the same database, tables with another prefix, settings of its own.
 */

namespace Chatpulse\Tests;

use PHPUnit\Framework\Assert;

final class OtherSite {

	private const HOST = 'other.example';

	public readonly string $folder;

	public function __construct( private string $prefix ) {
		$this->folder = sys_get_temp_dir() . '/chatpulse-other-' . bin2hex( random_bytes( 6 ) );
		mkdir( $this->folder );
		foreach ( scandir( ABSPATH ) as $entry ) {
			if ( ! in_array( $entry, array( '.', '..', 'wp-config.php' ), true ) ) {
				symlink( ABSPATH . $entry, "$this->folder/$entry" );
			}
		}
		$this->configure();
	}

	/** Gives it its settings: PHP that is run before WordPress is loaded, and where its content is if not where the tested site's is. */
	public function configure( string $constants = '', ?string $content = null ): void {
		$config = file_get_contents( ABSPATH . 'wp-config.php' );
		$config = str_replace( "\$table_prefix = 'wp_';", "\$table_prefix = '$this->prefix';\n$constants", $config );
		if ( null !== $content ) {
			$config = str_replace( "define( 'WP_CONTENT_DIR', '" . WP_CONTENT_DIR . "' );", "define( 'WP_CONTENT_DIR', '$content' );", $config );
		}
		file_put_contents( "$this->folder/wp-config.php", $config );
	}

	/** Installs WordPress in it; further PHP is run in the same go. */
	public function install( string $code = '' ): void {
		$this->run(
			"require ABSPATH . 'wp-admin/includes/upgrade.php';
			function wp_new_blog_notification() {}
			wp_install( 'Other', 'root', 'root@example.org', true, '', 'a password' );
			$code",
			"define( 'WP_INSTALLING', true ); define( 'WP_ALLOW_MULTISITE', true );"
		);
	}

	/** Runs PHP in it; what it printed. */
	public function run( string $code, string $before = '' ): string {
		$file = "$this->folder/run.php";
		file_put_contents(
			$file,
			"<?php\n\$_SERVER['HTTP_HOST'] = '" . self::HOST . "'; \$_SERVER['REQUEST_URI'] = '/';\ndefine( 'ABSPATH', '$this->folder/' );\n$before\n" .
			"require ABSPATH . 'wp-load.php';\nrequire_once ABSPATH . 'wp-admin/includes/admin.php';\n$code"
		);
		// Without this process's own prelude, which is for the tested site.
		exec( escapeshellarg( PHP_BINARY ) . ' -d auto_prepend_file= -d error_log=/dev/null -d sendmail_path=/bin/true ' . escapeshellarg( $file ) . ' 2>&1', $output, $status );
		Assert::assertSame( 0, $status, implode( "\n", $output ) );
		return implode( "\n", $output );
	}

	/** Takes it away. */
	public function remove(): void {
		global $wpdb;
		$wpdb->query( 'SET foreign_key_checks = 0' );
		foreach ( $wpdb->get_col( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $this->prefix ) . '%' ) ) as $table ) {
			$wpdb->query( "DROP TABLE `$table`" );
		}
		$wpdb->query( 'SET foreign_key_checks = 1' );
		array_map( 'unlink', glob( "$this->folder/*" ) );
		rmdir( $this->folder );
	}
}
